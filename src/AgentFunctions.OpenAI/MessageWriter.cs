using System.Globalization;
using System.Text;
using System.Text.Json;
using AgentFunctions.Models;
using AgentFunctions.OpenAI.Wire;
using Microsoft.Extensions.AI;

namespace AgentFunctions.OpenAI;

/// <summary>
/// Writes the messages of a request. What an endpoint would refuse, of a run that an earlier version began, is mended here too.
/// </summary>
/// <param name="profile">What is known of the model.</param>
/// <param name="sender">Who is asked.</param>
internal sealed class MessageWriter(ModelProfile profile, string sender)
{
    /// <summary>
    /// Stands in for reasoning that is not there: another model's turn, a compacted one. Kimi takes an empty text for a missing
    /// field.
    /// </summary>
    private const string NoReasoning = "(not recorded)";

    /// <summary>Stands for an answer without words, which several endpoints do not take.</summary>
    private const string NoWords = "(empty)";

    private const string ReasoningContent = "reasoning_content";

    /// <summary>Writes messages into an open array.</summary>
    /// <param name="writer">The writer.</param>
    /// <param name="messages">The messages.</param>
    /// <param name="options">The options, for their instructions.</param>
    /// <param name="format">The form of the answer, where it is said in words.</param>
    /// <param name="form">How the endpoint wants to be asked.</param>
    /// <param name="sent">Gets the optional fields that were written.</param>
    public void Write(Utf8JsonWriter writer, IEnumerable<ChatMessage> messages, ChatOptions? options, string? format,
        RequestForm form, HashSet<string> sent)
    {
        if (!string.IsNullOrEmpty(options?.Instructions))
        {
            Simple(writer, "system", With(options.Instructions, ref format));
        }

        List<(string Old, string New)> renamed = [];
        int index = 0;
        foreach (ChatMessage message in messages)
        {
            if (format is not null && message.Role != ChatRole.System)
            {
                Simple(writer, "system", With("", ref format));
            }

            if (message.Role == ChatRole.Assistant)
            {
                Assistant(writer, message, index, form, sent, renamed);
            }
            else if (message.Role == ChatRole.System)
            {
                Simple(writer, "system", With(message.Text, ref format));
            }
            else
            {
                Results(writer, message, renamed);
                User(writer, message);
            }

            index++;
        }
    }

    /// <summary>Adds the form of the answer to the first system message: several endpoints take only one.</summary>
    private static string With(string text, ref string? format)
    {
        string said = format is null ? text : text.Length == 0 ? format : $"{text}\n\n{format}";
        format = null;
        return said;
    }

    private void Assistant(
        Utf8JsonWriter writer, ChatMessage message, int index, RequestForm form, HashSet<string> sent,
        List<(string Old, string New)> renamed)
    {
        FunctionCallContent[] said = [.. message.Contents.OfType<FunctionCallContent>()];
        IReadOnlyList<FunctionCallContent> calls = SendableCalls.Mend(said,
            call => string.Create(CultureInfo.InvariantCulture, $"c{index:D5}{call:D3}"));
        renamed.Clear();
        renamed.AddRange(said.Zip(calls, static (old, mended) => (old.CallId, mended.CallId)));
        string text = message.Contents.Any(static content => content is DataContent or UriContent)
            ? Joined(message.Contents.Select(static content => content as TextContent ?? Named(content)).OfType<TextContent>())
            : message.Text;
        writer.WriteStartObject();
        writer.WriteString("role", "assistant");
        if (text.Length > 0 || calls.Count == 0)
        {
            writer.WriteString("content", text.Length > 0 ? text : NoWords);
        }
        else
        {
            // The protocol lets the field out, but several compatible endpoints demand it.
            writer.WriteNull("content");
        }

        if (message.Contents.OfType<ErrorContent>()
            .FirstOrDefault(static error => error.ErrorCode == ModelConventions.Refusal) is { } refusal)
        {
            writer.WriteString("refusal", refusal.Message);
        }

        Reasoning(writer, message, calls.Count > 0, form, sent);
        if (calls.Count > 0)
        {
            writer.WriteStartArray("tool_calls");
            foreach (FunctionCallContent call in calls)
            {
                Call(writer, call, form, sent);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    /// <summary>
    /// Reasoning goes back in the field in which it came, to the one that sent it, and wherever it is demanded.
    /// </summary>
    private void Reasoning(Utf8JsonWriter writer, ChatMessage message, bool hasCalls, RequestForm form, HashSet<string> sent)
    {
        TextReasoningContent[] thoughts = [.. message.Contents.OfType<TextReasoningContent>()];
        bool isDemanded = profile.ReturnsReasoning || form.DemandsReasoning;
        string? field = thoughts.Select(part => Sender.Read(part, sender, Sender.FieldKey))
            .FirstOrDefault(static field => field is not null)
            ?? (isDemanded ? ReasoningContent : null);
        field = isDemanded && !form.Takes(field!) ? ReasoningContent : field;
        if (field is null || !form.Takes(field) || !(hasCalls || (isDemanded && thoughts.Length > 0))
            || (!isDemanded && !profile.EchoesReasoning))
        {
            return;
        }

        string thought = string.Concat(thoughts.Select(static part => part.Text));
        if (thought.Length > 0 || isDemanded)
        {
            sent.Add(field);
            writer.WriteString(field, thought.Length > 0 ? thought : NoReasoning);
        }
    }

    private void Call(Utf8JsonWriter writer, FunctionCallContent call, RequestForm form, HashSet<string> sent)
    {
        writer.WriteStartObject();
        writer.WriteString("id", call.CallId);
        writer.WriteString("type", "function");
        writer.WriteStartObject("function");
        writer.WriteString("name", call.Name);
        // Endpoints parse the arguments of the history: broken ones are told of in the result, and do not go back.
        writer.WriteString("arguments", call.Arguments is null
            ? "{}"
            : JsonSerializer.Serialize(call.Arguments, ModelConventions.Json));
        writer.WriteEndObject();
        if (form.Takes("extra_content") && Sender.Read(call, sender, Sender.ExtraKey) is { } extra)
        {
            sent.Add("extra_content");
            writer.WritePropertyName("extra_content");
            writer.WriteRawValue(extra);
        }

        writer.WriteEndObject();
    }

    private static void Results(Utf8JsonWriter writer, ChatMessage message, List<(string Old, string New)> renamed)
    {
        foreach (FunctionResultContent result in message.Contents.OfType<FunctionResultContent>())
        {
            int at = renamed.FindIndex(call => call.Old == result.CallId);
            string id = at < 0 ? result.CallId : renamed[at].New;
            if (at >= 0)
            {
                renamed.RemoveAt(at);
            }

            writer.WriteStartObject();
            writer.WriteString("role", "tool");
            writer.WriteString("tool_call_id", id);
            writer.WriteString("content", ResultText(result));
            writer.WriteEndObject();
        }
    }

    private static void User(Utf8JsonWriter writer, ChatMessage message)
    {
        AIContent[] parts =
        [
            .. message.Contents
                .Select(static content => content is TextContent || IsImage(content) ? content : Named(content))
                .OfType<AIContent>(),
        ];
        if (parts.Length == 0)
        {
            return;
        }

        writer.WriteStartObject();
        writer.WriteString("role", "user");
        if (!string.IsNullOrEmpty(message.AuthorName))
        {
            writer.WriteString("name", NameOf(message.AuthorName));
        }

        if (parts.All(static part => part is TextContent))
        {
            // Several endpoints take text alone.
            writer.WriteString("content", Joined(parts.Cast<TextContent>()));
        }
        else
        {
            writer.WriteStartArray("content");
            foreach (AIContent part in parts)
            {
                Part(writer, part);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    /// <summary>A name as the protocol allows it.</summary>
    private static string NameOf(string author) => new(
        [.. author.Take(64).Select(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' ? c : '_')]);

    private static void Part(Utf8JsonWriter writer, AIContent part)
    {
        writer.WriteStartObject();
        if (part is TextContent text)
        {
            writer.WriteString("type", "text");
            writer.WriteString("text", text.Text);
        }
        else
        {
            writer.WriteString("type", "image_url");
            writer.WriteStartObject("image_url");
            writer.WriteString("url", part is DataContent data ? data.Uri : ((UriContent)part).Uri.AbsoluteUri);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static string Joined(IEnumerable<TextContent> parts) => string.Join("\n\n", parts.Select(static part => part.Text));

    /// <summary>
    /// What stands in place of data that the protocol cannot show a model: it can say that it has not seen it, or look with a
    /// tool. <see langword="null"/> if the content is no data.
    /// </summary>
    private static TextContent? Named(AIContent content) => content switch
    {
        DataContent data => NotShown(data.Name is { Length: > 0 } name ? $"{name}, {data.MediaType}" : data.MediaType,
            string.Create(CultureInfo.InvariantCulture, $"{data.Data.Length} bytes")),
        UriContent uri => NotShown(uri.MediaType, uri.Uri.AbsoluteUri),
        _ => null,
    };

    private static TextContent NotShown(string what, string more) => new($"[{what}, {more}: this model cannot be shown it]");

    private static bool IsImage(AIContent content) => content switch
    {
        DataContent data => data.HasTopLevelMediaType("image"),
        UriContent uri => uri.HasTopLevelMediaType("image"),
        _ => false,
    };

    private static void Simple(Utf8JsonWriter writer, string role, string text)
    {
        writer.WriteStartObject();
        writer.WriteString("role", role);
        writer.WriteString("content", text);
        writer.WriteEndObject();
    }

    private static string ResultText(FunctionResultContent result) => result.Result switch
    {
        _ when result.Exception is { } error => $"Error: {error.Message}",
        null => "",
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } json => json.GetString()!,
        JsonElement json => json.GetRawText(),
        TextContent text => text.Text,
        IEnumerable<AIContent> contents => contents.Aggregate(
            new StringBuilder(), static (builder, content) => builder.Append(content), static builder => builder.ToString()),
        object value => JsonSerializer.Serialize(value, ModelConventions.Json),
    };
}
