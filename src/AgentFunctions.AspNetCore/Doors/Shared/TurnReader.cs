using System.Text.Json;
using AgentFunctions.Budgets;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Records;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>
/// Reads what the model of a run has said, turn by turn, forwards, with secrets masked: transcripts have the truth, and a door
/// tells texts in pieces, in which a secret would not be found.
/// </summary>
/// <param name="transcript">The transcripts.</param>
/// <param name="redactor">Takes secrets out.</param>
/// <param name="runId">The run.</param>
internal sealed class TurnReader(Transcript transcript, Redactor redactor, string runId)
{
    private readonly Dictionary<int, TranscriptEntry> _replies = [];
    private long _next;

    /// <summary>Finds the model's message of a turn; <see langword="null"/> if there is none.</summary>
    /// <param name="turn">The turn.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<ModelReply?> FindAsync(int turn, CancellationToken cancellationToken)
    {
        if (!_replies.ContainsKey(turn))
        {
            await foreach (TranscriptEntry entry in transcript.ReadAsync(runId, _next, null, cancellationToken))
            {
                _next = entry.Position + 1;
                if (entry.Message.Role == ChatRole.Assistant && entry.SummaryKeepsFrom is null)
                {
                    _replies[entry.Turn] = entry;
                }
            }
        }

        return _replies.TryGetValue(turn, out TranscriptEntry? found)
            ? new ModelReply(
                redactor.Redact(found.Message.Text), CallsOf(found), found.Usage ?? new(), found.FinishReason == "length")
            : null;
    }

    /// <summary>Finds a call that a model asked for.</summary>
    /// <param name="turn">The turn.</param>
    /// <param name="call">Its number within the turn, from 0.</param>
    /// <param name="tool">The tool, if the model's message is not there.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<AskedCall> CallAsync(int turn, int call, string tool, CancellationToken cancellationToken) =>
        await FindAsync(turn, cancellationToken) is { } reply && reply.Calls.ElementAtOrDefault(call) is { } asked
            ? asked
            : new AskedCall(call, tool, JsonElement.Parse("{}"));

    private AskedCall[] CallsOf(TranscriptEntry entry) =>
    [
        .. entry.Calls.Select((call, number) => new AskedCall(
            number, call.Name,
            // The model chose the names and numbers in them too.
            redactor.RedactFree(JsonSerializer.SerializeToElement(
                call.Arguments ?? new Dictionary<string, object?>(),
                AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(IDictionary<string, object?>)))))),
    ];
}

/// <summary>What a model has said in a turn, with secrets masked.</summary>
/// <param name="Text">The text.</param>
/// <param name="Calls">The calls that it asks for.</param>
/// <param name="Usage">What it consumed.</param>
/// <param name="IsCut">Whether the text was cut at a limit of output tokens.</param>
internal sealed record ModelReply(string Text, IReadOnlyList<AskedCall> Calls, TokenUsage Usage, bool IsCut);
