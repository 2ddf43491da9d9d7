using AgentFunctions.Agents;
using AgentFunctions.Records;

namespace AgentFunctions.Gateway;

/// <summary>
/// Makes what a request brings along for its run: the conversation that it continues, and files. It is there before the run
/// begins.
/// </summary>
internal sealed class RunFurnishing(ConversationStart conversations, ArtifactStore artifacts)
{
    /// <summary>Adds to a draft what its admission has to make.</summary>
    /// <param name="draft">The draft.</param>
    /// <param name="agent">The agent's definition.</param>
    /// <param name="request">The request.</param>
    public RunDraft Of(RunDraft draft, AgentDefinition agent, RunRequest request)
    {
        RunDraft furnished = request.Messages is not { } messages
            ? draft
            : draft with
            {
                Prepare = async token => (await conversations.WriteAsync(draft, agent, messages, token)
                    .ConfigureAwait(false)).State,
            };
        return request.Files is not { Count: > 0 } files
            ? furnished
            : furnished with { Furnish = token => SaveAsync(draft.Run.Id, files, token) };
    }

    private async Task SaveAsync(string runId, IReadOnlyList<RunFile> files, CancellationToken cancellationToken)
    {
        foreach (RunFile file in files)
        {
            await artifacts.SaveAsync(runId, file.Name, file.MediaType, file.Content, cancellationToken).ConfigureAwait(false);
        }
    }
}
