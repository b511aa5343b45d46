"""Every paper that passes between rooms or into git: frozen, versioned, the same bytes for the same content.

sessions/primary/000/P021.json      Transcript       written by a host that may conduct
sessions/training/000/T024.json     Transcript
findings/P021-<digest>.json         Finding          a host that may analyse
recommendations/P022-<digest>.json  Recommendation   a host that may recommend
checks/P022-<digest>.json           Check            a host that may analyse
decisions/<digest>.json             Decision         a host that may decide
decisions/directive-<digest>.json   DirectiveAnswer  a host that may decide
directives/<digest>.json            Directive        a host that may direct
worklog/2026-11.jsonl               WorklogLine      every host, append-only
status.json                         Status           every host, replaced at each wake
"""
