package casebus.bench;

import com.fasterxml.jackson.annotation.JsonInclude.Include;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.module.SimpleModule;
import java.io.IOException;
import java.io.UncheckedIOException;

/** JSON to objects and back. What is not decoded is kept as a tree, or as the bytes it came in: see the subclasses. */
abstract class Codec {
    final ObjectMapper mapper;
    private final ObjectReader events;
    private final ObjectReader overviews;
    private final ObjectWriter writer;

    Codec(JsonDeserializer<Fragment> fragments) {
        SimpleModule module = new SimpleModule();
        module.addDeserializer(Fragment.class, fragments);
        module.addSerializer(Fragment.class, new FragmentSerializer());
        JsonFactory factory =
                JsonFactory.builder().enable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION).build();
        mapper = new ObjectMapper(factory)
                .registerModule(module)
                .setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                .setSerializationInclusion(Include.NON_NULL)
                .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
        events = mapper.readerFor(AcceptedEvent.class);
        overviews = mapper.readerFor(Overview.class);
        writer = mapper.writer();
    }

    /** {@code raw} or {@code tree}. */
    static Codec named(String name) {
        return name.equals("raw") ? new RawCodec() : new TreeCodec();
    }

    /** The object that a fragment describes. */
    abstract <T> T as(Fragment fragment, Class<T> type);

    /** The fragment that describes an object. */
    abstract Fragment fragment(Object value);

    AcceptedEvent event(byte[] value) {
        return read(events, value);
    }

    Overview overview(byte[] value) {
        return read(overviews, value);
    }

    byte[] encode(Object value) {
        try {
            return writer.writeValueAsBytes(value);
        } catch (JsonProcessingException error) {
            throw new UncheckedIOException(error);
        }
    }

    static <T> T read(ObjectReader reader, byte[] value) {
        try {
            return reader.readValue(value);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static final class FragmentSerializer extends JsonSerializer<Fragment> {
        @Override
        public void serialize(Fragment value, JsonGenerator generator, SerializerProvider provider) throws IOException {
            value.writeTo(generator);
        }
    }
}
