using System.Text;
using AgentFunctions.Core;
using AgentFunctions.Loop;
using AgentFunctions.Storage;

namespace AgentFunctions.Swarm;

/// <summary>The sub-agents that a run made for itself: a record each, by name.</summary>
internal sealed class SubAgentStore(IRecordStore records)
{
    /// <summary>Keeps a sub-agent; the same again changes nothing.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ToolArgumentsInvalid"/>: there is another one of that name.
    /// </exception>
    public async Task PutAsync(string runId, string name, string instructions, CancellationToken cancellationToken)
    {
        byte[] content = Encoding.UTF8.GetBytes(instructions);
        if (await records.TryPutAsync(Key(runId, name), content, RecordCondition.IfNew, cancellationToken)
            .ConfigureAwait(false) is null)
        {
            StoredRecord? known = await records.GetAsync(Key(runId, name), cancellationToken).ConfigureAwait(false);
            if (known?.Value.Span.SequenceEqual(content) != true)
            {
                throw new AgentException(
                    ErrorCode.ToolArgumentsInvalid,
                    $"name: there is a sub-agent '{name}' with another system prompt already; choose another name.");
            }
        }
    }

    /// <summary>What a sub-agent is told before anything else.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.SubAgentNotFound"/>.</exception>
    public async Task<string> GetAsync(string runId, string name, CancellationToken cancellationToken)
    {
        StoredRecord? record = await records.GetAsync(Key(runId, name), cancellationToken).ConfigureAwait(false);
        return record is null
            ? throw new AgentException(
                ErrorCode.SubAgentNotFound,
                $"agent: there is no sub-agent '{name}'; make it with {SwarmToolNames.CreateSubAgent} first, then give it work.")
            : Encoding.UTF8.GetString(record.Value.Span);
    }

    // Models give names in any script; keys are plain.
    private static string Key(string runId, string name) =>
        $"sub-agents/{runId}/{TextHash.Of(name)}";
}
