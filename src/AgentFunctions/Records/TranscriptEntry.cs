using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using AgentFunctions.Budgets;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Records;

/// <summary>Represents a message of a run, as the model saw or sent it.</summary>
/// <param name="Turn">The turn it belongs to, from 1; 0 for the conversation that a run began with.</param>
/// <param name="Message">The message.</param>
/// <param name="At">When it was recorded (UTC).</param>
public sealed record TranscriptEntry(
    int Turn, [property: JsonConverter(typeof(ChatMessageConverter))] ChatMessage Message, DateTimeOffset At)
{
    /// <summary>
    /// Gets the position from which messages are shown unchanged, if this message is a summary of older ones;
    /// <see langword="null"/> otherwise. Summaries are for the model alone.
    /// </summary>
    public long? SummaryKeepsFrom { get; init; }

    /// <summary>Gets where the message comes from; <see langword="null"/> in entries of earlier versions.</summary>
    public TranscriptOrigin? Origin { get; init; }

    /// <summary>
    /// Gets where the message comes from, also of an entry that does not say so: what is neither the model's, a tool's, a summary
    /// nor the first message counts as a person's, whatever it claims to be.
    /// </summary>
    [JsonIgnore]
    public TranscriptOrigin Source => Origin
        ?? (Message.Role == ChatRole.Assistant ? TranscriptOrigin.Model
            : Message.Role == ChatRole.Tool ? TranscriptOrigin.Result
            : SummaryKeepsFrom is not null ? TranscriptOrigin.Host
            : Position == 0 ? TranscriptOrigin.Goal
            : TranscriptOrigin.Person);

    /// <summary>Gets where in the transcript it stands.</summary>
    [JsonIgnore]
    public long Position { get; init; }

    /// <summary>Gets the model that sent the message; <see langword="null"/> for messages of others.</summary>
    public string? Model { get; init; }

    /// <summary>
    /// Gets the model that was asked, if <see cref="Model"/> answered in its place; <see langword="null"/> otherwise.
    /// </summary>
    public string? InPlaceOf { get; init; }

    /// <summary>Gets the consumption of the call; <see langword="null"/> for messages of others.</summary>
    public TokenUsage? Usage { get; init; }

    /// <summary>Gets the reason why the model stopped; <see langword="null"/> for messages of others.</summary>
    public string? FinishReason { get; init; }

    /// <summary>
    /// The blob that holds the message, where it is too large for a log's entry; <see langword="null"/> once it is read.
    /// </summary>
    [JsonInclude]
    internal string? Blob { get; init; }

    /// <summary>Gets the calls that the message asks for, in order.</summary>
    [JsonIgnore]
    public IReadOnlyList<FunctionCallContent> Calls => [.. Message.Contents.OfType<FunctionCallContent>()];
}

/// <summary>Writes a message in the form that Microsoft.Extensions.AI itself defines.</summary>
internal sealed class ChatMessageConverter : JsonConverter<ChatMessage>
{
    public override ChatMessage? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        (ChatMessage?)JsonSerializer.Deserialize(ref reader, ModelConventions.Json.GetTypeInfo(typeof(ChatMessage)));

    public override void Write(Utf8JsonWriter writer, ChatMessage value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, value, ModelConventions.Json.GetTypeInfo(typeof(ChatMessage)));
}

/// <summary>
/// How messages are stored: as they are read, but with every character as itself. Escaped, Chinese takes twice the room.
/// </summary>
internal static class TranscriptJson
{
    private static readonly JsonSerializerOptions Options =
        new(StoredRecordsJsonContext.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Gets how an entry is stored.</summary>
    public static JsonTypeInfo<TranscriptEntry> Entry { get; } =
        (JsonTypeInfo<TranscriptEntry>)Options.GetTypeInfo(typeof(TranscriptEntry));

    /// <summary>Gets how a message alone is stored.</summary>
    public static JsonTypeInfo<ChatMessage> Message { get; } =
        (JsonTypeInfo<ChatMessage>)ModelConventions.Json.GetTypeInfo(typeof(ChatMessage));
}
