using System.Text;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Gateway;

/// <summary>Checks the messages with which a run begins.</summary>
internal static class ConversationRules
{
    private const int MaxMessages = 1_000;

    private const int MaxText = 256 * 1024;

    private const int MaxMedia = 16 * 1024 * 1024;

    /// <summary>Checks messages.</summary>
    /// <param name="messages">The messages, the oldest first.</param>
    /// <param name="isText">Determines whether a text can be stored and shown.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the message names the field and the remedy.
    /// </exception>
    public static void Validate(IReadOnlyList<ChatMessage> messages, Func<string, bool> isText)
    {
        Require(messages.Count is > 0 and <= MaxMessages, "messages", "send 1 to 1,000");
        (long text, long media) = (0, 0);
        for (int i = 0; i < messages.Count; i++)
        {
            string field = $"messages[{i}]";
            ChatMessage message = messages[i];
            Require(
                message?.Role == ChatRole.User || message?.Role == ChatRole.Assistant, field,
                "use the role user or assistant; instructions are the agent's");
            Require(message!.AuthorName is null or { Length: > 0 and <= 128 }, $"{field}.authorName", "use 1 to 128 characters");
            foreach (AIContent content in message.Contents)
            {
                switch (content)
                {
                    case TextContent words:
                        Require(isText(words.Text), field, "leave out control characters and broken Unicode");
                        text += Encoding.UTF8.GetByteCount(words.Text);
                        break;
                    case DataContent data:
                        media += data.Data.Length;
                        break;
                    case UriContent uri:
                        Require(uri.Uri.IsAbsoluteUri && uri.Uri.Scheme is "http" or "https", field,
                            "use an absolute http or https address");
                        break;
                    default:
                        Require(false, field,
                            $"send text, data and addresses; {content.GetType().Name} cannot be part of a conversation");
                        break;
                }
            }
        }

        Require(text <= MaxText, "messages", "send at most 256 KiB of text");
        Require(media <= MaxMedia, "messages", "send at most 16 MiB of data, or put files in the workspace");
        Require(
            messages[^1].Role == ChatRole.User && !string.IsNullOrWhiteSpace(messages[^1].Text),
            $"messages[{messages.Count - 1}]",
            "end with a message of the user that says in words what is to be reached");
    }

    private static void Require(bool condition, string field, string remedy)
    {
        if (!condition)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"{field}: {remedy}.");
        }
    }
}
