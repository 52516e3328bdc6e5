"""A mailbox page for the local stack: the mails that the notifier wrote, as a citizen would see them."""
