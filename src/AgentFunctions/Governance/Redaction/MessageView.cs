using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using AgentFunctions.Core;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Governance.Redaction;

/// <summary>Messages as a model sees them: an endpoint belongs to somebody else, so secrets do not go there.</summary>
internal sealed class MessageView
{
    private readonly Redactor _redactor;
    private readonly ConditionalWeakTable<ChatMessage, ChatMessage>.CreateValueCallback _show;

    private volatile Seen _seen = new(-1);

    public MessageView(Redactor redactor)
    {
        _redactor = redactor;
        _show = Show;
    }

    /// <summary>Gets messages without secrets: the same ones if they have none, and the list itself if none has any.</summary>
    /// <param name="messages">The messages.</param>
    public IReadOnlyList<ChatMessage> Of(IEnumerable<ChatMessage> messages)
    {
        Seen seen = Current();
        IReadOnlyList<ChatMessage> all = messages as IReadOnlyList<ChatMessage> ?? [.. messages];
        List<ChatMessage>? changed = null;
        for (int i = 0; i < all.Count; i++)
        {
            ChatMessage shown = seen.Messages.GetValue(all[i], _show);
            if (changed is null && !ReferenceEquals(shown, all[i]))
            {
                changed = [.. all.Take(i)];
            }

            changed?.Add(shown);
        }

        return changed ?? all;
    }

    /// <summary>
    /// Gets options whose tools have no secret in what they say of themselves: a tool server may repeat its own token there.
    /// </summary>
    /// <param name="options">The options.</param>
    public ChatOptions Of(ChatOptions options)
    {
        Seen seen = Current();
        if (options.Tools is null || options.Tools.All(tool => ReferenceEquals(seen.Tools.GetValue(tool, Show), tool)))
        {
            return options;
        }

        ChatOptions shown = options.Clone();
        shown.Tools = [.. options.Tools.Select(tool => seen.Tools.GetValue(tool, Show))];
        return shown;
    }

    private Seen Current()
    {
        // Counted first: what is judged while a secret becomes known is judged anew the next time.
        int secrets = _redactor.Count;
        Seen seen = _seen;
        return seen.Secrets == secrets ? seen : _seen = new Seen(secrets);
    }

    // Names stay: the model calls by them, and a name that is changed is another tool.
    private AITool Show(AITool tool)
    {
        if (tool is not AIFunctionDeclaration declared)
        {
            return tool;
        }

        string description = _redactor.Redact(declared.Description);
        string schema = declared.JsonSchema.GetRawText();
        string shown = _redactor.RedactJson(schema)!;
        return description == declared.Description && shown == schema
            ? tool
            : AIFunctionFactory.CreateDeclaration(declared.Name, description, JsonElement.Parse(shown));
    }

    private ChatMessage Show(ChatMessage message)
    {
        AIContent[] contents = [.. message.Contents.Select(Show)];
        if (contents.SequenceEqual(message.Contents, ReferenceEqualityComparer.Instance))
        {
            return message;
        }

        ChatMessage shown = message.Clone();
        shown.RawRepresentation = null;
        shown.Contents = contents;
        return shown;
    }

    private AIContent Show(AIContent content)
    {
        switch (content)
        {
            case TextContent text when _redactor.Redact(text.Text) is var shown && shown != text.Text:
                return new TextContent(shown) { AdditionalProperties = text.AdditionalProperties };
            case TextReasoningContent text when _redactor.Redact(text.Text) is var shown && shown != text.Text:
                return new TextReasoningContent(shown)
                {
                    AdditionalProperties = text.AdditionalProperties,
                    ProtectedData = text.ProtectedData
                };
            case FunctionCallContent { Arguments: { } arguments } call:
                ReadOnlyMemory<byte> written = JsonScratch.Begin().Add(
                    arguments as Dictionary<string, object?>
                        ?? arguments.ToDictionary(
                            static member => member.Key, static member => member.Value, StringComparer.Ordinal),
                    (JsonTypeInfo<Dictionary<string, object?>>)Durability.DurableJson.Options.GetTypeInfo(
                        typeof(Dictionary<string, object?>)));
                if (!_redactor.MayFind(written.Span))
                {
                    return call;
                }

                JsonElement json = JsonElement.Parse(written.Span);
                JsonElement free = _redactor.RedactFree(json);
                return free.GetRawText() == json.GetRawText() ? call : new FunctionCallContent(call.CallId, call.Name)
                {
                    Arguments = free.EnumerateObject().ToDictionary(
                        static member => member.Name, static object? (member) => member.Value, StringComparer.Ordinal),
                    AdditionalProperties = call.AdditionalProperties,
                };
            case FunctionResultContent { Result: { } result } answer:
                string said = result as string ?? result.ToString() ?? "";
                return _redactor.Redact(said) is var masked && masked == said
                    ? answer
                    : new FunctionResultContent(answer.CallId, masked)
                    {
                        AdditionalProperties = answer.AdditionalProperties,
                    };
            default:
                return content;
        }
    }

    /// <summary>
    /// What was looked at while so many secrets were known: messages are kept in memory from turn to turn, and each is looked at
    /// once.
    /// </summary>
    private sealed record Seen(int Secrets)
    {
        public ConditionalWeakTable<ChatMessage, ChatMessage> Messages { get; } = [];

        public ConditionalWeakTable<AITool, AITool> Tools { get; } = [];
    }
}
