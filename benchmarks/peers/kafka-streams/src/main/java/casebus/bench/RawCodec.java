package casebus.bench;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Fragments are the bytes they came in: skipped over, copied, and decoded only when the fold looks into one. */
final class RawCodec extends Codec {
    private final Map<Class<?>, ObjectReader> readers = new HashMap<>();

    RawCodec() {
        super(new Deserializer());
        for (Class<?> type : new Class<?>[] {CaseOverview.class, Facts.class, Facts.Action.class}) {
            readers.put(type, mapper.readerFor(type));
        }
    }

    @Override
    @SuppressWarnings("unchecked")
    <T> T as(Fragment fragment, Class<T> type) {
        return (T) read(readers.get(type), ((RawJson) fragment).bytes());
    }

    @Override
    Fragment fragment(Object value) {
        return new RawJson(encode(value));
    }

    private static final class Deserializer extends JsonDeserializer<Fragment> {
        @Override
        public Fragment deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            int start = (int) parser.currentTokenLocation().getByteOffset();
            parser.skipChildren();
            var end = parser.currentLocation();
            byte[] source = (byte[]) end.contentReference().getRawContent();
            return new RawJson(Arrays.copyOfRange(source, start, (int) end.getByteOffset()));
        }
    }
}
