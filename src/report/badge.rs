//! A badge: what is claimed of a target, how that stands, and since when. An SVG that needs nothing from elsewhere.

use super::profiles::{Claim, ClaimStanding};
use super::summary::{Conclusion, Summary};

/// What the badge of a whole run says it is about.
const WHOLE: &str = "KMS imported keys";
/// The label's background.
const LABEL: &str = "#3d444d";
const GREEN: &str = "#1a7f37";
const RED: &str = "#b42318";
const AMBER: &str = "#8a5a00";
const GREY: &str = "#57606a";
/// The space at both ends of a text, in pixels.
const PADDING: f64 = 6.0;

/// The badge of a run: of all its tests, or, with a claim, of one profile.
#[must_use]
pub fn render(summary: &Summary, claim: Option<&Claim>) -> String {
    let day = summary.run.as_ref().map(|run| run.at.strftime(" %Y-%m-%d").to_string()).unwrap_or_default();
    let (label, value, colour) = match claim {
        Some(claim) => (format!("KMS {}", claim.title), standing(claim), claim_colour(claim.standing)),
        None => (WHOLE.to_owned(), summary.conclusion_words().to_owned(), colour(summary.conclusion)),
    };
    svg(&label, &format!("{value}{day}"), colour)
}

fn standing(claim: &Claim) -> String {
    match claim.standing {
        ClaimStanding::Pass => "pass".to_owned(),
        ClaimStanding::Partly => format!("{} of {} rules", claim.kept, claim.rules),
        ClaimStanding::Fail => "fail".to_owned(),
        ClaimStanding::NotTested => "not tested".to_owned(),
    }
}

fn colour(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Conformant => GREEN,
        Conclusion::NotConformant => RED,
        Conclusion::AsListed | Conclusion::Undecided | Conclusion::Interrupted => AMBER,
        Conclusion::HarnessError => GREY,
    }
}

fn claim_colour(standing: ClaimStanding) -> &'static str {
    match standing {
        ClaimStanding::Pass => GREEN,
        ClaimStanding::Partly => AMBER,
        ClaimStanding::Fail => RED,
        ClaimStanding::NotTested => GREY,
    }
}

/// Where the fonts differ, `textLength` makes the text fit its field.
fn svg(label: &str, value: &str, colour: &str) -> String {
    let (left, right) = (width(label), width(value));
    let (label_field, value_field) = (left + 2.0 * PADDING, right + 2.0 * PADDING);
    let all = label_field + value_field;
    let value_at = label_field + PADDING;
    let (label, value) = (escaped(label), escaped(value));
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{all:.0}" height="20" viewBox="0 0 {all:.1} 20" role="img" aria-label="{label}: {value}">
  <title>{label}: {value}</title>
  <clipPath id="r"><rect width="{all:.1}" height="20" rx="3"/></clipPath>
  <g clip-path="url(#r)">
    <rect width="{label_field:.1}" height="20" fill="{LABEL}"/>
    <rect x="{label_field:.1}" width="{value_field:.1}" height="20" fill="{colour}"/>
  </g>
  <g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">
    <text x="{PADDING:.1}" y="14" textLength="{left:.1}">{label}</text>
    <text x="{value_at:.1}" y="14" textLength="{right:.1}">{value}</text>
  </g>
</svg>
"##
    )
}

/// The advance widths of Verdana, in units of 1/2048 em, for the characters that badges have.
const ADVANCES: [(&str, i32); 20] = [
    ("il", 562),
    ("j", 705),
    (" f", 720),
    (".,", 745),
    ("t", 807),
    ("Ir", 870),
    ("-:/()J", 930),
    ("csz", 1_067),
    ("L", 1_140),
    ("Fkvxy", 1_212),
    ("Pae", 1_228),
    ("TYo", 1_253),
    ("Ebdgpqhnu", 1_286),
    ("0123456789", 1_302),
    ("AVSBXZ", 1_402),
    ("CKR", 1_425),
    ("HNU", 1_525),
    ("DGOQ", 1_600),
    ("wM", 1_700),
    ("mW", 2_008),
];

/// The width of a text in Verdana at 11 pixels. A character that is not in the table is taken to be wide.
fn width(text: &str) -> f64 {
    let units = |c: char| ADVANCES.iter().find(|(set, _)| set.contains(c)).map_or(2_048, |(_, units)| *units);
    f64::from(text.chars().map(units).sum::<i32>()) * 11.0 / 2048.0
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The relative luminance of a colour, as WCAG 2 defines it.
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    #[test]
    fn white_text_is_readable_on_every_colour() {
        for colour in [LABEL, GREEN, RED, AMBER, GREY] {
            let contrast = 1.05 / (luminance(colour) + 0.05);
            assert!(contrast >= 4.5, "{colour}: {contrast:.2}");
        }
    }

    #[test]
    fn longer_texts_are_wider_and_the_fields_hold_them() {
        assert!(width("not conformant") > width("conformant"));
        // The sums of the advances in DejaVu Sans, the next font of the list, which has Verdana's proportions.
        for (text, units) in [("KMS imported keys", 19_759), ("not conformant", 15_849), ("2026-11-22", 11_902)] {
            let exact = f64::from(units) * 11.0 / 2048.0;
            assert!((width(text) - exact).abs() < exact * 0.05, "{text}: {} instead of {exact}", width(text));
        }
    }

    #[test]
    fn a_badge_names_itself_for_those_who_do_not_see_it() {
        let text = svg("a & <b>", "c", GREEN);
        let document = roxmltree::Document::parse(&text).unwrap();
        let root = document.root_element();
        assert_eq!(root.attribute("role"), Some("img"));
        assert_eq!(root.attribute("aria-label"), Some("a & <b>: c"));
        let title = root.children().find(|node| node.has_tag_name("title")).unwrap();
        assert_eq!(title.text(), Some("a & <b>: c"));
        assert!(!text.contains("href"), "nothing from elsewhere");
    }
}
