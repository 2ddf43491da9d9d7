using AgentFunctions.Agents;
using AgentFunctions.Prompts;
using AgentFunctions.Records;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Gateway;

/// <summary>
/// Begins the transcript of a run with the conversation that it continues: the goal at its fixed place, the first, and then what
/// was said before it. All of it belongs to turn 0.
/// </summary>
internal sealed class ConversationStart(Transcript transcript)
{
    /// <summary>Writes the messages. Safe to repeat.</summary>
    /// <param name="draft">The run.</param>
    /// <param name="agent">Its agent.</param>
    /// <param name="messages">The messages, the goal last.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The draft with the size of what was written.</returns>
    public async Task<RunDraft> WriteAsync(
        RunDraft draft, AgentDefinition agent, IReadOnlyList<ChatMessage> messages, CancellationToken cancellationToken)
    {
        AIContent[] media = [.. messages[^1].Contents.Where(static content => content is not TextContent)];
        ChatMessage goal = Prompt.First(agent, draft.Run);
        long pinned = Prompt.BytesOf(goal);
        goal.AuthorName = messages[^1].AuthorName;
        foreach (AIContent one in media)
        {
            goal.Contents.Add(one);
        }

        TranscriptEntry[] entries =
        [
            new TranscriptEntry(0, goal, draft.Run.CreatedAt) { Origin = TranscriptOrigin.Goal },
            // Whatever role they have: it is the caller who says so.
            .. messages.Take(messages.Count - 1).Select(message => new TranscriptEntry(
                0, new ChatMessage(message.Role, [.. message.Contents]) { AuthorName = message.AuthorName }, draft.Run.CreatedAt)
            {
                Origin = TranscriptOrigin.Person,
            }),
        ];
        await transcript.AddIfEmptyAsync(draft.Run.Id, entries, cancellationToken).ConfigureAwait(false);
        long added = entries.Sum(static entry => Prompt.BytesOf(entry.Message)) - pinned;
        return draft with { State = draft.State with { PendingBytes = draft.State.PendingBytes + added } };
    }
}
