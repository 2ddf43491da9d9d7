using AgentFunctions.Agents;
using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using Microsoft.Extensions.AI;

namespace AgentFunctions.ToolCalls;

/// <summary>Reads which run, agent and message a call comes from.</summary>
internal sealed class CallReader(RunStore runs, Transcript transcript)
{
    /// <summary>Reads a call, and how many calls of its turn are of the same tool.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunNotFound"/>; <see cref="ErrorCode.DataFileUnusable"/>: the transcript or the definition is gone.
    /// </exception>
    public async Task<(RunRecord Run, AgentDefinition Agent, FunctionCallContent Asked, int Alike)> ReadAsync(
        CallToolInput call, CancellationToken cancellationToken)
    {
        RunRecord run = await runs.GetAsync(call.RunId, cancellationToken).ConfigureAwait(false);
        AgentDefinition agent = await runs.GetDefinitionAsync(run, cancellationToken).ConfigureAwait(false);
        if (call.Call == CallLedger.Acceptance)
        {
            return (run, agent, AcceptanceCommand.CallOf(run.Acceptance!.Command!), 1);
        }

        TranscriptWindow window = await transcript.ReadTurnAsync(call.RunId, call.Context, call.Turn, cancellationToken)
            .ConfigureAwait(false);
        FunctionCallContent[] all = [.. window.ReplyOf(call.Turn)?.Message.Contents.OfType<FunctionCallContent>() ?? []];
        FunctionCallContent asked = all.ElementAtOrDefault(call.Call)
            ?? throw new AgentException(
                ErrorCode.DataFileUnusable, $"The transcript of run '{call.RunId}' lacks call {call.Call} of turn {call.Turn}.");
        return (run, agent, asked, all.Count(other => other.Name == asked.Name));
    }
}
