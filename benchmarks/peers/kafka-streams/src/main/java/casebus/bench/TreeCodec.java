package casebus.bench;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Fragments are Jackson's trees: the usual way. */
final class TreeCodec extends Codec {
    TreeCodec() {
        super(new Deserializer());
    }

    @Override
    <T> T as(Fragment fragment, Class<T> type) {
        try {
            return mapper.treeToValue(((Tree) fragment).node, type);
        } catch (JsonProcessingException error) {
            throw new UncheckedIOException(error);
        }
    }

    @Override
    Fragment fragment(Object value) {
        return new Late(value);
    }

    private record Tree(JsonNode node) implements Fragment {
        @Override
        public void writeTo(JsonGenerator generator) throws IOException {
            generator.writeTree(node);
        }
    }

    /** An object that is about to be written and never read again. */
    private record Late(Object value) implements Fragment {
        @Override
        public void writeTo(JsonGenerator generator) throws IOException {
            generator.writePOJO(value);
        }
    }

    private static final class Deserializer extends JsonDeserializer<Fragment> {
        @Override
        public Fragment deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            return new Tree(context.readTree(parser));
        }
    }
}
