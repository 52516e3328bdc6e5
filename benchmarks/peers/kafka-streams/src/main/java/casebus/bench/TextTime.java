package casebus.bench;

/** Times as texts in UTC. Compared without the final Z, which would sort after a fraction's point. */
final class TextTime {
    private TextTime() {}

    static int compare(String one, String other) {
        int shared = Math.min(one.length(), other.length()) - 1;
        for (int i = 0; i < shared; i++) {
            int difference = one.charAt(i) - other.charAt(i);
            if (difference != 0) {
                return difference;
            }
        }
        return one.length() - other.length();
    }

    /** Whether {@code one} is later; {@code other} may be empty, which is earlier than all. */
    static boolean isLater(String one, String other) {
        return other.isEmpty() || compare(one, other) > 0;
    }
}
