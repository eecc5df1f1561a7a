//! The scripts of the docs template on planted cases.
//!
//! Each rule fires where it should and nowhere else; what all scripts have in common is tested beside this.

use super::{found, sorted, text};
use crate::templates_scripts::Repository;

#[test]
fn links_anchors_and_images_lead_somewhere() {
    let repository = Repository::new();
    let page = "# A Title: with `code` & more!\n\nSetext one\n----------\n\n## Same\n\n## Same\n\n\
        [good](#a-title-with-code--more) [setext](#setext-one) [twice](#same-1) [never](#same-2)\n\
        [file](docs/b%20c.md#deep) [gone](docs/no.md) [case](docs/B%20C.md) [out](../x.md) [root](/docs/)\n\
        ![image](docs/i.png \"title\") `[code](no.md)` <!-- [comment](no.md) -->\n\n```\n[block](no.md)\n```\n\n\
        [ref][r] [undefined][u] [web](https://x.example/) [mail](mailto:a@b.example) <a href=\"docs/p.html#here\">p</a>\n\n\
        [r]: docs/b%20c.md#nowhere\n\
        [left out](no.md) <!-- link-check: ignore made at build time -->\n";
    repository.write("README.md", page);
    repository.write("docs/b c.md", "### Deep\n[up](../README.md#same)\n");
    repository.write("docs/i.png", "x");
    repository
        .write("docs/p.html", "<p id=\"here\"><a href=\"b%20c.md\">x</a><img src='no.png'></p>\n");
    repository.write("docs/q.rst", "Title\n=====\n\n.. _label:\n\n`x <p.html>`_ and `y <no.html>`_\n\n.. image:: i.png\n.. include:: no.txt\n");
    let (code, answer) = repository.answer("docs/scripts/link_check.py", &[]);
    let links = answer["links"].as_array().expect("a list");
    let of = |state: &str| {
        let some = links.iter().filter(|link| link["state"] == state);
        some.map(|link| format!("{}:{} {}", text(&link["file"]), link["line"], text(&link["link"])))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let expected = "README.md:10 #same-2\nREADME.md:11 ../x.md\nREADME.md:11 docs/B%20C.md\nREADME.md:11 docs/no.md\nREADME.md:20 docs/b%20c.md#nowhere\n\
        docs/p.html:1 no.png\ndocs/q.rst:6 no.html\ndocs/q.rst:9 no.txt";
    assert_eq!((code, sorted(&of("broken"))), (1, sorted(expected)), "{answer:#}");
    assert_eq!(of("undefined"), "README.md:18 [u]");
    assert_eq!(
        (of("external").as_str(), of("ignored").as_str()),
        ("README.md:18 https://x.example/", "README.md:21 no.md")
    );
    let good = "README.md:10 #a-title-with-code--more\nREADME.md:10 #same-1\nREADME.md:10 #setext-one\nREADME.md:11 /docs/\nREADME.md:11 docs/b%20c.md#deep\n\
        README.md:12 docs/i.png\nREADME.md:18 docs/p.html#here\ndocs/b c.md:2 ../README.md#same\ndocs/p.html:1 b%20c.md\ndocs/q.rst:6 p.html\ndocs/q.rst:8 i.png";
    assert_eq!(sorted(&of("ok")), sorted(good));
}

#[test]
fn what_is_not_documented_is_named_and_what_nobody_can_reach_is_not() {
    let repository = Repository::new();
    let lib = "//! A crate.\npub mod open;\nmod shut;\npub use shut::Named;\n/// Documented.\npub struct S {\n    pub field: u8,\n}\nimpl S {\n    pub fn bare(&self) {}\n    /// Good.\n    pub const fn good() {}\n    fn own() {}\n}\nimpl Clone for S {\n    fn clone(&self) -> S { S { field: 1 } }\n}\n\
        pub(crate) fn inner() {}\n#[doc(hidden)]\npub fn hidden() {}\n/// A trait.\npub trait T {\n    fn method(&self);\n}\n#[cfg(test)]\nmod tests {\n    pub fn helper() {}\n}\nconst X: &str = \"pub fn text() {}\";\n#[doc = \"By attribute.\"]\npub fn attribute() {}\n";
    repository.write("src/lib.rs", lib);
    repository
        .write("src/open.rs", "//! A module.\n\npub enum E { A }\n/* pub fn comment() {} */\n");
    repository.write(
        "src/shut.rs",
        "pub struct Named;\nimpl Named {\n    pub fn called() {}\n}\npub struct Unreached;\n",
    );
    repository.write("p.py", "\"\"\"A module.\"\"\"\nclass C:\n    \"\"\"Doc.\"\"\"\n    def m(self): pass\n    def _own(self): pass\ndef f():\n    \"\"\"Doc.\"\"\"\n    def local(): pass\n");
    repository.write("s.js", "/** Doc. */\nexport function f() {}\nexport const x = 1;\nfunction own() {}\n// export function no() {}\n");
    repository.write("tests/t.py", "def test(): pass\n");
    let (code, answer) = repository.answer("docs/scripts/docs_coverage.py", &[]);
    let items = answer["items"].as_array().expect("a list");
    let missing: Vec<String> = items
        .iter()
        .filter(|item| item["documented"] == false)
        .map(|item| format!("{}:{} {}", text(&item["file"]), item["line"], text(&item["name"])))
        .collect();
    let expected = "p.py:4 C.m\ns.js:3 x\nsrc/lib.rs:10 S::bare\nsrc/lib.rs:23 T::method\nsrc/open.rs:3 E\nsrc/shut.rs:1 Named\nsrc/shut.rs:3 Named::called";
    assert_eq!((code, sorted(&missing.join("\n"))), (0, sorted(expected)), "{answer:#}");
    let documented = items.len() - missing.len();
    assert_eq!(
        documented,
        6 + 3 + 1,
        "crate, open, S, good, T, attribute; module, C, f; f: {answer:#}"
    );
    assert_eq!(repository.script("docs/scripts/docs_coverage.py", &["--min", "90"]).0, 1);
}

#[test]
fn examples_that_cannot_be_read_and_pages_that_are_badly_built_are_named() {
    let repository = Repository::new();
    let page = "# One\n\n```python\nprint(1)\n```\n\n```python\ndef f(:\n```\n\n```json\n{\"a\": 1,}\n```\n\n\
        ```sh\nfi\n```\n\n```console\n$ if then\n```\n\n```\nplain\n```\n\n### Three\n\nthe the end\n\n\
        | a | b |\n|---|---|\n| 1 | 2 | 3 |\n\n# Two\n\n```sh\nagency <name>\n```\n\n```python\nopen\n";
    repository.write("page.md", page);
    let (code, answer) = repository.answer("docs/scripts/example_check.py", &[]);
    let expected = "page.md:8 example\npage.md:12 example\npage.md:16 example\npage.md:23 no-language\npage.md:27 heading-skips\npage.md:29 doubled-word\n\
        page.md:33 table\npage.md:35 second-title\npage.md:41 open-fence";
    assert_eq!((code, found(&answer)), (1, sorted(expected)), "{answer:#}");
    assert_eq!(answer["examples"]["python"], 2);
    repository.write("page.md", "# One\n\n```sh\ntouch was-run\n```\n");
    assert_eq!(repository.script("docs/scripts/example_check.py", &[]).0, 0);
    assert!(!repository.folder.path().join("was-run").exists(), "no example is run");
}
