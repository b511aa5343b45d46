"""Deploy releases to boards over SSH: plan (pure), apply, confirm. No board reaches another one.

checkout         the files of a checkout that releases are made of, each read once
desired_release  what a host is to run: a release and the files beside it
preflight        whether a board may get a release at all
plan             desired release and probe → steps; saved_plan keeps one in a file
rollout          one host from probe to confirmed release, and back
fleet_runner     a function for each of several hosts, a result or an error each
provision        what a board needs before anything can be deployed to it
checked_board    everything that a board is verified against
transport/       how an image reaches a board: a registry behind the SSH connection
"""
