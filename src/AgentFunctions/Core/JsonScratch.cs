using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace AgentFunctions.Core;

/// <summary>
/// Memory in which bytes are put together that are needed for a moment only, such as the parts of a record: one for each thread,
/// used again and again. What is in it is valid until the next <see cref="Begin"/> on the thread.
/// </summary>
internal sealed class JsonScratch
{
    /// <summary>Memory that has grown larger is left to the collector, in bytes.</summary>
    private const int MostKept = 64 * 1024;

    [ThreadStatic]
    private static JsonScratch? s_ofThread;

    private readonly ArrayBufferWriter<byte> _buffer = new(1_024);
    private Utf8JsonWriter? _writer;
    private JavaScriptEncoder? _encoder;

    /// <summary>Gets how many bytes there are.</summary>
    public int Count => _buffer.WrittenCount;

    /// <summary>Gets the scratch of this thread, empty.</summary>
    public static JsonScratch Begin()
    {
        JsonScratch scratch = s_ofThread is { _buffer.Capacity: <= MostKept } kept ? kept : s_ofThread = new();
        scratch._buffer.ResetWrittenCount();
        return scratch;
    }

    /// <summary>Gets what was added from a place on.</summary>
    /// <param name="start">The place.</param>
    public ReadOnlyMemory<byte> From(int start) => _buffer.WrittenMemory[start..];

    /// <summary>Gets all that was added, to keep.</summary>
    public ReadOnlyMemory<byte> ToKeep()
    {
        if (_buffer.Capacity <= MostKept)
        {
            return _buffer.WrittenMemory.ToArray();
        }

        // Memory that is not used again need not be copied.
        s_ofThread = null;
        return _buffer.WrittenMemory;
    }

    /// <summary>Adds bytes.</summary>
    /// <param name="bytes">The bytes; they may be of this scratch.</param>
    public void Add(ReadOnlySpan<byte> bytes) => _buffer.Write(bytes);

    /// <summary>Gets a writer that adds JSON; what it wrote is there once it is flushed.</summary>
    /// <param name="encoder">Which characters are escaped; <see langword="null"/> for the serializer's default.</param>
    public Utf8JsonWriter Writer(JavaScriptEncoder? encoder)
    {
        if (_writer is null || _encoder != encoder)
        {
            _encoder = encoder;
            _writer = new Utf8JsonWriter(_buffer, new JsonWriterOptions { Encoder = encoder, SkipValidation = true });
        }

        _writer.Reset();
        return _writer;
    }

    /// <summary>Adds a value as JSON, in the same bytes as the serializer writes.</summary>
    /// <param name="value">The value.</param>
    /// <param name="type">How it is written.</param>
    /// <returns>The JSON.</returns>
    public ReadOnlyMemory<byte> Add<T>(T value, JsonTypeInfo<T> type)
    {
        int start = Count;
        JsonSerializer.Serialize(Writer(type.Options.Encoder), value, type);
        return From(start);
    }
}
