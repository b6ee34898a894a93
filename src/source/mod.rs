//! Where articles come from: files, their headers, Markdown, HTML clean-up.
