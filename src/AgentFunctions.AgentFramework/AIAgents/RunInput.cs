using System.Security.Cryptography;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.AIAgents;

/// <summary>Represents what a caller sent: answers to approvals, and messages with words, images and other data.</summary>
/// <param name="Answers">The answers.</param>
/// <param name="Words">The messages.</param>
internal sealed record RunInput(IReadOnlyList<ToolApprovalResponseContent> Answers, IReadOnlyList<ChatMessage> Words)
{
    /// <summary>Gets the results of calls that the caller has executed.</summary>
    public IReadOnlyList<FunctionResultContent> Results { get; init; } = [];

    /// <summary>Gets the words as one message, with the names of those who are not the user.</summary>
    public string Text => string.Join(
        "\n\n", Words.Where(static message => !string.IsNullOrWhiteSpace(message.Text))
            .Select(static message => IsOfUser(message) ? message.Text : $"{NameOf(message)}: {message.Text}"));

    /// <summary>Gets images and other data.</summary>
    public IReadOnlyList<AIContent> Media => [.. Words.SelectMany(static message => message.Contents).Where(IsMedia)];

    /// <summary>Gets what makes the same input the same: its words, and its data by content.</summary>
    public string Identity => string.Join('\n', Media.Select(IdentityOf).Prepend(Text));

    /// <summary>
    /// Gets the goal where it is words of the user alone; <see langword="null"/> if there are messages to begin with.
    /// </summary>
    public string? Goal => Words.Count == 1 && Media.Count == 0 && IsOfUser(Words[0]) ? Words[0].Text : null;

    /// <summary>
    /// Gets the messages that a new run begins with, as its agent sees them: others than itself are users with a name.
    /// </summary>
    /// <param name="agent">The name of the agent.</param>
    public IReadOnlyList<ChatMessage> MessagesFor(string agent)
    {
        ChatMessage[] messages = [.. Words.Select(message => new ChatMessage(
            message.Role == ChatRole.Assistant && message.AuthorName == agent ? ChatRole.Assistant : ChatRole.User,
            [.. message.Contents.Where(static content => content is TextContent { Text.Length: > 0 } || IsMedia(content))])
        {
            AuthorName = message.AuthorName ?? (message.Role == ChatRole.User ? null : message.Role.Value),
        })];

        // The goal is the last: what the agent is to act on, whoever said it.
        messages[^1].Role = ChatRole.User;
        return messages;
    }

    /// <summary>Reads what a caller sent.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: something cannot be sent to a run.</exception>
    public static RunInput Of(IEnumerable<ChatMessage> messages)
    {
        var answers = new List<ToolApprovalResponseContent>();
        var words = new List<ChatMessage>();
        var results = new List<FunctionResultContent>();
        foreach (ChatMessage message in messages)
        {
            answers.AddRange(message.Contents.OfType<ToolApprovalResponseContent>());
            results.AddRange(message.Contents.OfType<FunctionResultContent>());
            if (message.Contents.FirstOrDefault(static content => content is HostedFileContent
                or HostedVectorStoreContent) is { } other)
            {
                throw new AgentException(
                    ErrorCode.InvalidInput,
                    $"messages: {other.GetType().Name} is known to the model's service alone; "
                    + "send the data itself (DataContent), or put the file in the workspace.");
            }

            if (message.Role != ChatRole.Tool && (!string.IsNullOrWhiteSpace(message.Text) || message.Contents.Any(IsMedia)))
            {
                words.Add(message);
            }
        }

        return new RunInput(answers, words) { Results = results };
    }

    private static bool IsMedia(AIContent content) => content is DataContent or UriContent;

    private static string IdentityOf(AIContent content) => content is DataContent data
        ? $"{data.MediaType} {Convert.ToHexStringLower(SHA256.HashData(data.Data.Span))}"
        : ((UriContent)content).Uri.AbsoluteUri;

    private static bool IsOfUser(ChatMessage message) => message.Role == ChatRole.User && message.AuthorName is null;

    private static string NameOf(ChatMessage message) => message.AuthorName ?? message.Role.Value;
}
