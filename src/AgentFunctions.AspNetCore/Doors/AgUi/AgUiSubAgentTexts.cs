using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Records;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AspNetCore.Doors.AgUi;

/// <summary>
/// Reads what sub-agents have said. Once they are done it is told with numbers, which are the same whenever it is told.
/// </summary>
internal sealed class AgUiSubAgentTexts(Transcript transcript, Redactor redactor)
{
    /// <summary>Reads the last texts of the sub-agent that a call started, with the ids of their messages.</summary>
    /// <param name="runId">The run that made the call.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<(string Id, string Text)>> OfAsync(string runId, CallEnded call,
        CancellationToken cancellationToken)
    {
        if (!SubAgentCalls.Starts(call.Call.Tool))
        {
            return [];
        }

        string id = SubAgentCalls.IdOf(runId, call.Turn, call.Call.Call);
        return [.. (await OfAsync(id, cancellationToken)).Select(said => (AgUiSubAgents.MessageId(id, said.Turn), said.Text))];
    }

    /// <summary>Reads the last texts of a sub-agent, with its turns.</summary>
    /// <param name="id">The sub-agent.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<(int Turn, string Text)>> OfAsync(string id, CancellationToken cancellationToken)
    {
        var said = new List<(int Turn, string Text)>();
        await foreach (TranscriptEntry entry in transcript.ReadAsync(id, 0, null, cancellationToken))
        {
            if (entry.Message.Role == ChatRole.Assistant && entry.SummaryKeepsFrom is null
                && entry.Message.Text is { Length: > 0 } text)
            {
                said.Add((entry.Turn, redactor.Redact(text)));
            }
        }

        return [.. said.TakeLast(AgUiSubAgents.MostTexts)];
    }
}
