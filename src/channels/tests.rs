use super::sources::{List, NETWORKS, SOURCES};
use super::{social_network, Asked, Facts, Version, VERSIONS};
use std::collections::BTreeMap;

fn channel(version: Version, touch: [Option<&str>; 3]) -> Option<&'static str> {
    let [source, medium, campaign] = touch;
    let facts = Facts::of(Asked::Source, source) | Facts::of(Asked::Medium, medium);
    let place = version.channel(facts | Facts::of(Asked::Campaign, campaign))?;
    version.channels().nth(place)
}

#[test]
fn every_rule_its_limits_and_its_place_in_the_order() {
    let cases: Vec<[&str; 4]> = include_str!("cases.txt")
        .lines()
        .skip(1)
        .map(|line| line.split('|').collect::<Vec<_>>().try_into().expect("four fields"))
        .collect();
    assert!(cases.len() >= 140, "{}", cases.len());
    let mut wrong = vec![];
    for case in &cases {
        let [expected, touch @ ..] = case.map(|text| (!text.is_empty()).then_some(text));
        let found = channel(Version::November2023, touch);
        if found != expected {
            wrong.push(format!("{case:?}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for name in Version::November2023.channels() {
        assert!(cases.iter().filter(|case| case[0] == name).count() >= 2, "no case of {name}");
    }
}

#[test]
fn versions_have_names_of_their_own_and_always_an_answer() {
    for (i, version) in VERSIONS.iter().enumerate() {
        assert!(VERSIONS[..i].iter().all(|before| before.name() != version.name()));
        assert_eq!(version.channels().last(), Some("Unassigned"));
        assert_eq!(channel(*version, [Some("?"), None, None]), Some("Unassigned"));
        assert_eq!(channel(*version, [None, None, None]), None);
    }
}

fn assert_sorted(list: &List) {
    for pair in list.entries().windows(2) {
        assert!(pair[0].0 < pair[1].0, "{} before {}", pair[0].0, pair[1].0);
    }
    for (name, _) in list.entries() {
        assert_eq!(*name, name.trim().to_lowercase(), "a name that is never found");
    }
}

#[test]
fn lists_are_sorted_in_lower_case_and_whole() {
    assert_sorted(&SOURCES);
    assert_sorted(&NETWORKS);
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    SOURCES.entries().iter().for_each(|(_, category)| *sizes.entry(category).or_default() += 1);
    let expected = [("search", 131), ("shopping", 52), ("social", 590), ("video", 46)];
    assert_eq!(sizes.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn networks_have_names_domains_and_what_is_below_them() {
    for (network, sources) in [
        (
            "facebook",
            "facebook.com m.facebook.com fr-fr.facebook.com lm.facebook.com FB fb.me Facebook com.facebook.katana",
        ),
        ("instagram", "ig IG l.instagram.com instagram.com IGShopping instagram"),
        ("threads", "threads.net www.threads.net l.threads.com threads"),
        ("x", "x x.com t.co twitter Twitter.com mobile.twitter.com com.twitter.android"),
        ("linkedin", "linkedin LinkedIn.com fr.linkedin.com lnkd.in com.linkedin.android"),
        ("pinterest", "pinterest pin.it pinterest.fr pinterest.co.uk br.pinterest.com www.pinterest.com.au"),
        ("tiktok", "tiktok tiktok.com vm.tiktok.com www.tiktok.com"),
        ("youtube", "youtube youtube.com m.youtube.com youtu.be music.youtube.com"),
        ("snapchat", "snapchat snapchat.com t.snapchat.com"),
        ("reddit", "reddit reddit.com old.reddit.com out.reddit.com redd.it"),
        ("whatsapp", "whatsapp web.whatsapp.com wa.me"),
        ("telegram", "t.me telegram web.telegram.org"),
        ("messenger", "l.messenger.com m.me"),
        ("bluesky", "bsky.app go.bsky.app"),
        ("vk", "vk.com away.vk.com"),
        ("wechat", "weixin.qq.com mp.weixin.qq.com"),
    ] {
        for source in sources.split(' ') {
            assert_eq!(social_network(source), Some(network), "{source}");
        }
    }
    assert_eq!(social_network("  m.Facebook.com "), Some("facebook"));
    let others = [
        "notfacebook.com",
        "facebook.com.evil.org",
        "facebook / paid",
        "facebook.evil.org",
        "my.facebook",
        "evil.org/.facebook.com",
        "evil.org?a=.facebook.com",
        "a b.facebook.com",
        "xt.co",
        "box.com",
        "facebook.com.",
        "com",
        ".",
        "qq.com",
        "google",
        "(direct)",
        "",
        " ",
    ];
    for source in others {
        assert_eq!(social_network(source), None, "{source}");
    }
}
