"""The page that citizens see: rendered here, complete without JavaScript, live with it."""
