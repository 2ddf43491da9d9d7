using System.Text.Json.Serialization;

namespace AgentFunctions.Records;

/// <summary>Source-generated JSON of what runs leave behind.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(Artifact))]
[JsonSerializable(typeof(TranscriptEntry))]
[JsonSerializable(typeof(JournalEvent))]
[JsonSerializable(typeof(Note))]
[JsonSerializable(typeof(InboxMessage))]
[JsonSerializable(typeof(PlanItem[]))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class StoredRecordsJsonContext : JsonSerializerContext;
