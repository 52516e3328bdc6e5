-- To find which parties are one with another now, from that one.
CREATE INDEX aliases_of_party ON aliases (merged_into);
