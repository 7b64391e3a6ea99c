//! What the rules ask of a source, a medium and a campaign, one bit a question.

use super::sources::{category, Category};
use std::ops::BitOr;

/// Answers to the questions of the rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts(u32);

/// Which of the three texts is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// `utm_source`, or the host that referred.
    Source,
    /// `utm_medium`.
    Medium,
    /// `utm_campaign`: the name of the campaign.
    Campaign,
}

impl Asked {
    /// The order of the arguments of `CHANNEL_GROUP`.
    pub const ALL: [Self; 3] = [Self::Source, Self::Medium, Self::Campaign];
}

/// Of nothing: a rule without conditions asks for it.
pub(super) const NOTHING: Facts = Facts(0);
/// The text is known.
pub(super) const KNOWN: Facts = Facts(1);
pub(super) const SOURCE_DIRECT: Facts = Facts(1 << 1);
pub(super) const SOURCE_SEARCH: Facts = Facts(1 << 2);
pub(super) const SOURCE_SHOPPING: Facts = Facts(1 << 3);
pub(super) const SOURCE_SOCIAL: Facts = Facts(1 << 4);
pub(super) const SOURCE_VIDEO: Facts = Facts(1 << 5);
pub(super) const SOURCE_FIREBASE: Facts = Facts(1 << 6);
pub(super) const MEDIUM_NONE: Facts = Facts(1 << 7);
pub(super) const MEDIUM_PAID: Facts = Facts(1 << 8);
pub(super) const MEDIUM_DISPLAY: Facts = Facts(1 << 9);
pub(super) const MEDIUM_SOCIAL: Facts = Facts(1 << 10);
pub(super) const MEDIUM_VIDEO: Facts = Facts(1 << 11);
pub(super) const MEDIUM_ORGANIC: Facts = Facts(1 << 12);
pub(super) const MEDIUM_REFERRAL: Facts = Facts(1 << 13);
pub(super) const MEDIUM_AFFILIATE: Facts = Facts(1 << 14);
pub(super) const MEDIUM_AUDIO: Facts = Facts(1 << 15);
pub(super) const MEDIUM_PUSH: Facts = Facts(1 << 16);
pub(super) const CAMPAIGN_CROSS_NETWORK: Facts = Facts(1 << 17);
pub(super) const CAMPAIGN_SHOPPING: Facts = Facts(1 << 18);
/// Of the source or of the medium.
pub(super) const EMAIL: Facts = Facts(1 << 19);
/// Of the source or of the medium.
pub(super) const SMS: Facts = Facts(1 << 20);

impl BitOr for Facts {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Facts {
    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn has(self, all: Self) -> bool {
        self.0 & all.0 == all.0
    }

    /// Of a text, whatever its case and the spaces around it. What is not known counts as `(not set)`.
    #[must_use]
    pub fn of(asked: Asked, text: Option<&str>) -> Self {
        let text = text.unwrap_or_default().trim().to_lowercase();
        let known = if text.is_empty() { NOTHING } else { KNOWN };
        let text = if text.is_empty() { "(not set)" } else { text.as_str() };
        known
            | match asked {
                Asked::Source => source(text),
                Asked::Medium => medium(text),
                Asked::Campaign => campaign(text),
            }
    }
}

/// Those of a list that hold.
fn held(list: &[(bool, Facts)]) -> Facts {
    list.iter().filter(|(holds, _)| *holds).fold(NOTHING, |all, (_, facts)| all | *facts)
}

fn source(text: &str) -> Facts {
    let listed = match category(text) {
        Some(Category::Search) => SOURCE_SEARCH,
        Some(Category::Shopping) => SOURCE_SHOPPING,
        Some(Category::Social) => SOURCE_SOCIAL,
        Some(Category::Video) => SOURCE_VIDEO,
        None => NOTHING,
    };
    let words = [
        (text == "(direct)", SOURCE_DIRECT),
        (text == "firebase", SOURCE_FIREBASE),
        (is_email(text), EMAIL),
        (text == "sms", SMS),
    ];
    listed | held(&words)
}

fn medium(text: &str) -> Facts {
    let social = ["social", "social-network", "social-media", "sm", "social network", "social media"];
    held(&[
        (matches!(text, "(not set)" | "(none)"), MEDIUM_NONE),
        (is_paid(text), MEDIUM_PAID),
        (matches!(text, "display" | "banner" | "expandable" | "interstitial" | "cpm"), MEDIUM_DISPLAY),
        (social.contains(&text), MEDIUM_SOCIAL),
        (text.contains("video"), MEDIUM_VIDEO),
        (text == "organic", MEDIUM_ORGANIC),
        (matches!(text, "referral" | "app" | "link"), MEDIUM_REFERRAL),
        (text == "affiliate", MEDIUM_AFFILIATE),
        (text == "audio", MEDIUM_AUDIO),
        (text.ends_with("push") || text.contains("mobile") || text.contains("notification"), MEDIUM_PUSH),
        (is_email(text), EMAIL),
        (text == "sms", SMS),
    ])
}

fn campaign(text: &str) -> Facts {
    held(&[(text.contains("cross-network"), CAMPAIGN_CROSS_NETWORK), (is_shopping(text), CAMPAIGN_SHOPPING)])
}

/// `^(.*cp.*|ppc|retargeting|paid.*)$`
fn is_paid(text: &str) -> bool {
    text.contains("cp") || text == "ppc" || text == "retargeting" || text.starts_with("paid")
}

/// `^(.*(([^a-df-z]|^)shop|shopping).*)$`: `shop` at the beginning, or after anything but a letter from a to z other
/// than e; `shopping` anywhere.
fn is_shopping(text: &str) -> bool {
    let begins = |at: usize| text[..at].chars().next_back().is_none_or(|c| c == 'e' || !c.is_ascii_lowercase());
    text.contains("shopping") || text.match_indices("shop").any(|(at, _)| begins(at))
}

fn is_email(text: &str) -> bool {
    matches!(text, "email" | "e-mail" | "e_mail" | "e mail")
}
