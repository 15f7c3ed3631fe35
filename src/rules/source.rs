//! Where a rule is known from.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::kms::UnknownName;

/// One source of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub enum Source {
    /// A test or snapshot that was run against AWS and published.
    Recording {
        /// Whose recording, and which.
        title: String,
        /// When it was made.
        date: Date,
    },
    /// A page of AWS's documentation.
    Document {
        /// The book and the page.
        title: String,
        /// The year of the text.
        year: i16,
    },
    /// A text or constraint in the published service model.
    Model {
        /// The operation, shape or member, such as `ImportKeyMaterialRequest.ValidTo`.
        element: String,
    },
    /// One of five public pages on the import operations, of different ages.
    Page(Page),
    /// Something that a user or another project reports: weaker than a recording.
    Field {
        /// Who reports what.
        report: String,
    },
}

/// A public page on the import operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Page {
    /// AWS CLI version 1, `import-key-material` (2023 to 2025).
    CliV1,
    /// AWS SDK for .NET version 3, `ImportKeyMaterial` (before June 2023).
    DotnetV3,
    /// AWS CLI version 2, `get-parameters-for-import` (before 2023).
    CliV2,
    /// AWS Tools for PowerShell, `Import-KMSKeyMaterial` (2023 to 2025).
    Powershell,
    /// paws for R, `kms_import_key_material` (2026).
    Paws,
}

/// The form of a source in a file: exactly one of the first five.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    #[serde(skip_serializing_if = "Option::is_none")]
    recording: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<Page>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// A day for a recording, a year for a document.
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
}

impl Source {
    /// The day of a recording.
    #[must_use]
    pub fn recorded_on(&self) -> Option<Date> {
        match self {
            Self::Recording { date, .. } => Some(*date),
            Self::Document { .. } | Self::Model { .. } | Self::Page(_) | Self::Field { .. } => None,
        }
    }

    /// Whether AWS itself wrote it.
    #[must_use]
    pub fn is_aws_text(&self) -> bool {
        match self {
            Self::Document { .. } | Self::Model { .. } | Self::Page(_) => true,
            Self::Recording { .. } | Self::Field { .. } => false,
        }
    }
}

impl Page {
    /// Every page.
    pub const ALL: &'static [Self] = &[Self::CliV1, Self::DotnetV3, Self::CliV2, Self::Powershell, Self::Paws];

    /// The page's name in files and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CliV1 => "cli-v1",
            Self::DotnetV3 => "dotnet-v3",
            Self::CliV2 => "cli-v2",
            Self::Powershell => "powershell",
            Self::Paws => "paws",
        }
    }

    /// The page's title.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::CliV1 => "AWS CLI version 1, import-key-material",
            Self::DotnetV3 => "AWS SDK for .NET version 3, ImportKeyMaterial",
            Self::CliV2 => "AWS CLI version 2, get-parameters-for-import",
            Self::Powershell => "AWS Tools for PowerShell, Import-KMSKeyMaterial",
            Self::Paws => "paws for R, kms_import_key_material",
        }
    }
}

impl FromStr for Page {
    type Err = UnknownName;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|page| page.as_str() == s)
            .ok_or_else(|| UnknownName { kind: "page", found: s.to_owned() })
    }
}

impl TryFrom<Fields> for Source {
    type Error = String;

    fn try_from(fields: Fields) -> Result<Self, Self::Error> {
        match fields {
            Fields {
                recording: Some(title),
                document: None,
                model: None,
                page: None,
                field: None,
                date: Some(date),
            } => {
                let date = date.parse().map_err(|_| format!("a recording has a date (YYYY-MM-DD), not `{date}`"))?;
                Ok(Self::Recording { title, date })
            }
            Fields {
                recording: None,
                document: Some(title),
                model: None,
                page: None,
                field: None,
                date: Some(date),
            } => {
                let year = date.parse().map_err(|_| format!("a document has a year as its date, not `{date}`"))?;
                Ok(Self::Document { title, year })
            }
            Fields { recording: None, document: None, model: Some(element), page: None, field: None, date: None } => {
                Ok(Self::Model { element })
            }
            Fields { recording: None, document: None, model: None, page: Some(page), field: None, date: None } => {
                Ok(Self::Page(page))
            }
            Fields { recording: None, document: None, model: None, page: None, field: Some(report), date: None } => {
                Ok(Self::Field { report })
            }
            _ => {
                Err("a source is one of `recording` (with a `date`), `document` (with a year as its `date`), `model`, \
                      `page` and `field`"
                    .to_owned())
            }
        }
    }
}

impl From<Source> for Fields {
    fn from(source: Source) -> Self {
        let none = Self::default();
        match source {
            Source::Recording { title, date } => Self { recording: Some(title), date: Some(date.to_string()), ..none },
            Source::Document { title, year } => Self { document: Some(title), date: Some(year.to_string()), ..none },
            Source::Model { element } => Self { model: Some(element), ..none },
            Source::Page(page) => Self { page: Some(page), ..none },
            Source::Field { report } => Self { field: Some(report), ..none },
        }
    }
}

/// The source as a reader of a report would cite it.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recording { title, date } => write!(f, "recorded {date}: {title}"),
            Self::Document { title, year } => write!(f, "{title} ({year})"),
            Self::Model { element } => write!(f, "service model, {element}"),
            Self::Page(page) => f.write_str(page.title()),
            Self::Field { report } => write!(f, "reported: {report}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Source, String> {
        serde_yaml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn each_kind_reads_back_as_written() {
        for text in [
            "{ recording: A snapshot, date: 2025-11-10 }",
            "{ document: A page, date: 2026 }",
            "{ model: ImportKeyMaterialRequest.ValidTo }",
            "{ page: dotnet-v3 }",
            "{ field: A report }",
        ] {
            let source = parse(text).unwrap();
            let json = serde_json::to_string(&source).unwrap();
            assert_eq!(serde_json::from_str::<Source>(&json).unwrap(), source, "{text}");
        }
    }

    #[test]
    fn a_page_reads_back_from_its_name() {
        for page in Page::ALL {
            assert_eq!(page.as_str().parse(), Ok(*page));
            assert_eq!(serde_json::to_value(page).unwrap(), page.as_str());
        }
        assert!("cli-v3".parse::<Page>().is_err());
    }

    #[test]
    fn a_source_is_of_one_kind_and_a_recording_has_a_date() {
        for text in [
            "{}",
            "{ date: 2025-11-10 }",
            "{ recording: A snapshot }",
            "{ recording: A snapshot, date: 2025 }",
            "{ document: A page, date: 2025-11-10 }",
            "{ model: X, page: paws }",
            "{ page: cli-v1, date: 2026 }",
            "{ page: unheard-of }",
            "{ blog: A post }",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
