//! Key material and wrapping against AWS-LC, which shares no code with what is tested, and against published vectors.

mod keys;
mod oracle;
mod proofs;
mod wrapping;

use super::*;

fn make(spec: KeySpec) -> Material {
    Material::make(&Recipe::of(spec).unwrap(), 0).unwrap()
}

fn make_as(spec: KeySpec, form: Form) -> Material {
    Material::make(&Recipe::new(spec, Some(form), None).unwrap(), 0).unwrap()
}
