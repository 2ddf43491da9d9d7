using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.Keys;
using AgentFunctions.Storage;
using AgentFunctions.Tools;

namespace AgentFunctions.Mcp.Input;

/// <summary>Represents the input that a server wants before it carries a call out.</summary>
/// <param name="Round">How often it has asked, from 1.</param>
/// <param name="Requests">What it asks for, by its own keys.</param>
/// <param name="State">What it wants back with the answers; <see langword="null"/> for nothing.</param>
internal sealed record ToolInput(int Round, IReadOnlyDictionary<string, JsonElement> Requests, string? State)
{
    /// <summary>Gets whether the answers are on their way: the server may be carrying the call out.</summary>
    public bool IsSent { get; init; }

    /// <summary>Gets what it asked for in earlier rounds and did not get; <see langword="null"/> for nothing.</summary>
    public IReadOnlyList<InputNote>? Notes { get; init; }
}

/// <summary>
/// Keeps what servers want before they carry calls out: a sealed record for each call, since the server itself keeps nothing.
/// </summary>
internal sealed class ToolInputs(IRecordStore records, TreeKeys keys)
{
    private const string Prefix = "tool-input/";

    private readonly SealedRecords _sealed = new(records, RecordSeal.Of(keys, "tool-input"), Prefix);

    /// <summary>Finds what the server of a call wants.</summary>
    /// <param name="context">The call.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.ToolFailed"/>: the record was altered outside the host.</exception>
    public async Task<ToolInput?> FindAsync(ToolContext context, CancellationToken cancellationToken) =>
        await _sealed.FindAsync(KeyOf(context), cancellationToken).ConfigureAwait(false) switch
        {
            null => null,
            (var record, true) => JsonSerializer.Deserialize(record.Value.Span, ToolInputJsonContext.Default.ToolInput),
            _ => throw new AgentException(
                ErrorCode.ToolFailed,
                "What the tool server asked for was altered outside this host, so the call is not made again."),
        };

    /// <summary>Keeps what the server of a call wants.</summary>
    /// <param name="context">The call.</param>
    /// <param name="input">What it wants.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task PutAsync(ToolContext context, ToolInput input, CancellationToken cancellationToken) => _sealed.PutAsync(
        KeyOf(context), JsonSerializer.SerializeToUtf8Bytes(input, ToolInputJsonContext.Default.ToolInput), default,
        cancellationToken);

    private static string KeyOf(ToolContext context) => $"{Prefix}{context.RunId}/{context.Turn:D6}/{context.Call:D4}";
}

/// <summary>Source-generated JSON of what servers want.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ToolInput))]
internal sealed partial class ToolInputJsonContext : JsonSerializerContext;
