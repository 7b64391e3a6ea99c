//! The rules of GA4's default channel group for manual traffic (support.google.com/analytics/answer/9756891), as
//! versions: Google has changed them before and will again, and last year's report must not change with them.

use super::facts::{
    Facts, CAMPAIGN_CROSS_NETWORK, CAMPAIGN_SHOPPING, EMAIL, KNOWN, MEDIUM_AFFILIATE, MEDIUM_AUDIO, MEDIUM_DISPLAY,
    MEDIUM_NONE, MEDIUM_ORGANIC, MEDIUM_PAID, MEDIUM_PUSH, MEDIUM_REFERRAL, MEDIUM_SOCIAL, MEDIUM_VIDEO, NOTHING, SMS,
    SOURCE_DIRECT, SOURCE_FIREBASE, SOURCE_SEARCH, SOURCE_SHOPPING, SOURCE_SOCIAL, SOURCE_VIDEO,
};

/// A channel, and the sets of facts of which one must hold.
struct Rule {
    channel: &'static str,
    any: &'static [Facts],
}

/// A version of the rules, named by the month of Google's page that it follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Of November 2023.
    November2023,
}

/// All versions, the one that is taken when none is named first.
pub const VERSIONS: &[Version] = &[Version::November2023];

/// The first that holds names the channel; the last always holds.
const NOVEMBER_2023: &[Rule] = &[
    Rule { channel: "Direct", any: &[SOURCE_DIRECT.and(MEDIUM_NONE)] },
    Rule { channel: "Cross-network", any: &[CAMPAIGN_CROSS_NETWORK] },
    Rule { channel: "Paid Shopping", any: &[SOURCE_SHOPPING.and(MEDIUM_PAID), CAMPAIGN_SHOPPING.and(MEDIUM_PAID)] },
    Rule { channel: "Paid Search", any: &[SOURCE_SEARCH.and(MEDIUM_PAID)] },
    Rule { channel: "Paid Social", any: &[SOURCE_SOCIAL.and(MEDIUM_PAID)] },
    Rule { channel: "Paid Video", any: &[SOURCE_VIDEO.and(MEDIUM_PAID)] },
    Rule { channel: "Display", any: &[MEDIUM_DISPLAY] },
    Rule { channel: "Paid Other", any: &[MEDIUM_PAID] },
    Rule { channel: "Organic Shopping", any: &[SOURCE_SHOPPING, CAMPAIGN_SHOPPING] },
    Rule { channel: "Organic Social", any: &[SOURCE_SOCIAL, MEDIUM_SOCIAL] },
    Rule { channel: "Organic Video", any: &[SOURCE_VIDEO, MEDIUM_VIDEO] },
    Rule { channel: "Organic Search", any: &[SOURCE_SEARCH, MEDIUM_ORGANIC] },
    Rule { channel: "Referral", any: &[MEDIUM_REFERRAL] },
    Rule { channel: "Email", any: &[EMAIL] },
    Rule { channel: "Affiliates", any: &[MEDIUM_AFFILIATE] },
    Rule { channel: "Audio", any: &[MEDIUM_AUDIO] },
    Rule { channel: "SMS", any: &[SMS] },
    Rule { channel: "Mobile Push Notifications", any: &[MEDIUM_PUSH, SOURCE_FIREBASE] },
    Rule { channel: "Unassigned", any: &[NOTHING] },
];

impl Version {
    /// As it is written in an expression.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::November2023 => "2023-11",
        }
    }

    fn rules(self) -> &'static [Rule] {
        match self {
            Self::November2023 => NOVEMBER_2023,
        }
    }

    /// Its channels, in the order of their rules.
    pub fn channels(self) -> impl Iterator<Item = &'static str> {
        self.rules().iter().map(|rule| rule.channel)
    }

    /// The channel as an index of [`Version::channels`], by the facts of source, medium and campaign together; `None`
    /// where nothing of the three is known.
    #[must_use]
    pub fn channel(self, facts: Facts) -> Option<usize> {
        let holds = |rule: &Rule| rule.any.iter().any(|all| facts.has(*all));
        self.rules().iter().position(holds).filter(|_| facts.has(KNOWN))
    }
}
