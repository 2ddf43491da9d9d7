using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.AIAgents;

/// <summary>Represents what a caller sent: answers to approvals, and words.</summary>
/// <param name="Answers">The answers.</param>
/// <param name="Words">The messages that have words.</param>
internal sealed record RunInput(IReadOnlyList<ToolApprovalResponseContent> Answers, IReadOnlyList<ChatMessage> Words)
{
    /// <summary>Gets the words as one message, with the names of those who are not the user.</summary>
    public string Text => string.Join(
        "\n\n", Words.Select(static message => IsOfUser(message) ? message.Text : $"{NameOf(message)}: {message.Text}"));

    /// <summary>Gets the words that a new run is to act on: the last message.</summary>
    public string Goal => IsConversation ? Words[^1].Text : Text;

    /// <summary>Gets the messages before the last, where others than the user spoke.</summary>
    public JsonElement? Conversation
    {
        get
        {
            if (!IsConversation)
            {
                return null;
            }

            using var buffer = new MemoryStream();
            using (var writer = new Utf8JsonWriter(buffer))
            {
                writer.WriteStartObject();
                writer.WriteStartArray("conversation");
                foreach (ChatMessage message in Words.Take(Words.Count - 1))
                {
                    writer.WriteStartObject();
                    writer.WriteString("from", NameOf(message));
                    writer.WriteString("text", message.Text);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            using JsonDocument json = JsonDocument.Parse(buffer.ToArray());
            return json.RootElement.Clone();
        }
    }

    private bool IsConversation => Words.Count > 1 && !Words.All(IsOfUser);

    /// <summary>Reads what a caller sent.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: something is neither text nor an answer.
    /// </exception>
    public static RunInput Of(IEnumerable<ChatMessage> messages)
    {
        var answers = new List<ToolApprovalResponseContent>();
        var words = new List<ChatMessage>();
        foreach (ChatMessage message in messages)
        {
            answers.AddRange(message.Contents.OfType<ToolApprovalResponseContent>());
            if (message.Contents.FirstOrDefault(
                static content => content is DataContent or UriContent or HostedFileContent) is { } other)
            {
                throw new AgentException(
                    ErrorCode.InvalidInput,
                    $"messages: {other.GetType().Name} cannot be sent to a run; send text, or put the file in the workspace.");
            }

            if (!string.IsNullOrWhiteSpace(message.Text) && message.Role != ChatRole.Tool)
            {
                words.Add(message);
            }
        }

        return new RunInput(answers, words);
    }

    private static bool IsOfUser(ChatMessage message) => message.Role == ChatRole.User && message.AuthorName is null;

    private static string NameOf(ChatMessage message) => message.AuthorName ?? message.Role.Value;
}
