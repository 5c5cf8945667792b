# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""Findings of an analysis, held against a list of accepted ones: a line each, below a comment that gives the
reason. A finding that is not on the list fails, and so does one on the list that is not found any more."""


def read(path):
    """The accepted findings. Each needs a reason."""
    accepted = []
    reason = ''
    for line in path.read_text(encoding='utf-8').splitlines():
        if line.startswith('#'):
            reason += line[1:]
        elif line.strip() == '':
            reason = ''
        elif reason.strip() == '':
            raise SystemExit(f'{path}: no reason is given for: {line}')
        else:
            accepted.append(line.strip())
    return accepted


def compare(found, accepted):
    """Prints what differs, and says whether nothing does."""
    for finding in sorted(set(found) - set(accepted)):
        print(f'not accepted: {finding}')
    for finding in sorted(set(accepted) - set(found)):
        print(f'on the list, but not found any more: {finding}')
    return set(found) == set(accepted)
