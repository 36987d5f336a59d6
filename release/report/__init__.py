"""What a rollout came to, told to people: ledger, verdicts and manifests in, one page or a few lines out.

Pure: nothing is read or written here, and nothing is decided. `build.build` makes the `Report` that
`page.html` and `markdown.markdown` tell.
"""
