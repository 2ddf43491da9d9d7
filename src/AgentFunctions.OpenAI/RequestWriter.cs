using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Models;
using Microsoft.Extensions.AI;

namespace AgentFunctions.OpenAI;

/// <summary>
/// Writes requests of OpenAI's chat completions. The same request yields the same bytes, so that a provider's cache holds.
/// </summary>
/// <param name="profile">What is known of the model.</param>
/// <param name="modelId">The provider's own name for it.</param>
/// <param name="sender">Who is asked.</param>
internal sealed class RequestWriter(ModelProfile profile, string modelId, string sender)
{
    // Every request of an agent says the same of a tool.
    private static readonly ConditionalWeakTable<AIFunctionDeclaration, byte[]> s_tools = [];

    private readonly MessageWriter _messages = new(profile, sender);

    /// <summary>Gets the most tokens of an answer that a request asks for.</summary>
    /// <param name="options">The options.</param>
    /// <param name="form">How the endpoint wants to be asked.</param>
    public static int? MaxTokens(ChatOptions? options, RequestForm form) =>
        form.MostTokens is { } most && !(options?.MaxOutputTokens < most) ? most : options?.MaxOutputTokens;

    /// <summary>Writes a request.</summary>
    /// <param name="conversation">The messages.</param>
    /// <param name="options">How the model is to answer.</param>
    /// <param name="streaming">Whether the answer is streamed.</param>
    /// <param name="form">How the endpoint wants to be asked.</param>
    public WrittenRequest Write(IEnumerable<ChatMessage> conversation, ChatOptions? options, bool streaming, RequestForm form)
    {
        JsonScratch scratch = JsonScratch.Begin();
        Utf8JsonWriter writer = scratch.Writer(JavaScriptEncoder.UnsafeRelaxedJsonEscaping);
        var request = new Fields(writer, form);
        writer.WriteStartObject();
        writer.WriteString("model", modelId);
        writer.WriteStartArray("messages");
        var format = options?.ResponseFormat as ChatResponseFormatJson;
        _messages.Write(writer, conversation, options, FormatInWords(format, form), form, request.Sent);
        writer.WriteEndArray();
        WriteOptions(request, options, streaming, form);
        WriteTools(request, options);
        WriteFormat(request, format);
        writer.WriteEndObject();
        writer.Flush();
        return new WrittenRequest(scratch.ToKeep(), request.Sent);
    }

    private void WriteOptions(Fields request, ChatOptions? options, bool streaming, RequestForm form)
    {
        if (streaming)
        {
            request.Writer.WriteBoolean("stream", true);
            if (request.Begin("stream_options"))
            {
                request.Writer.WriteStartObject();
                request.Writer.WriteBoolean("include_usage", true);
                request.Writer.WriteEndObject();
            }
        }

        if (form.MaxTokensField is { } field && MaxTokens(options, form) is { } most && request.Begin(field))
        {
            request.Writer.WriteNumberValue(most);
        }

        // What the model insists on wins over what the caller prefers.
        request.Write("temperature", profile.Temperature ?? options?.Temperature);
        request.Write("top_p", options?.TopP);
        request.Write("frequency_penalty", options?.FrequencyPenalty);
        request.Write("presence_penalty", options?.PresencePenalty);
        if (options?.StopSequences is { Count: > 0 } stops && request.Begin("stop"))
        {
            request.Writer.WriteStartArray();
            foreach (string stop in stops)
            {
                request.Writer.WriteStringValue(stop);
            }

            request.Writer.WriteEndArray();
        }
    }

    private static void WriteTools(Fields request, ChatOptions? options)
    {
        AIFunctionDeclaration[] tools = [.. options?.Tools?.OfType<AIFunctionDeclaration>() ?? []];
        if (tools.Length == 0)
        {
            return;
        }

        Utf8JsonWriter writer = request.Writer;
        writer.WriteStartArray("tools");
        foreach (AIFunctionDeclaration tool in tools)
        {
            writer.WriteRawValue(s_tools.GetValue(tool, static tool => Written(tool)), skipInputValidation: true);
        }

        writer.WriteEndArray();
        if (options!.ToolMode is NoneChatToolMode or RequiredChatToolMode && request.Begin("tool_choice"))
        {
            WriteToolChoice(writer, options.ToolMode);
        }

        if (options.AllowMultipleToolCalls is { } parallel && request.Begin("parallel_tool_calls"))
        {
            writer.WriteBooleanValue(parallel);
        }
    }

    private static byte[] Written(AIFunctionDeclaration tool)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes,
            new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true }))
        {
            writer.WriteStartObject();
            writer.WriteString("type", "function");
            writer.WriteStartObject("function");
            writer.WriteString("name", tool.Name);
            writer.WriteString("description", tool.Description);
            writer.WritePropertyName("parameters");
            if (tool.JsonSchema.ValueKind == JsonValueKind.Object)
            {
                tool.JsonSchema.WriteTo(writer);
            }
            else
            {
                writer.WriteRawValue("""{"type":"object","properties":{}}""");
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return bytes.ToArray();
    }

    private static void WriteToolChoice(Utf8JsonWriter writer, ChatToolMode? mode)
    {
        if (mode is not RequiredChatToolMode { RequiredFunctionName: { } name })
        {
            writer.WriteStringValue(mode is NoneChatToolMode ? "none" : "required");
            return;
        }

        writer.WriteStartObject();
        writer.WriteString("type", "function");
        writer.WriteStartObject("function");
        writer.WriteString("name", name);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteFormat(Fields request, ChatResponseFormatJson? json)
    {
        if (json is null || !request.Begin(RequestForm.ResponseFormat))
        {
            return;
        }

        Utf8JsonWriter writer = request.Writer;
        writer.WriteStartObject();
        writer.WriteString("type", json.Schema is null ? "json_object" : "json_schema");
        if (json.Schema is { } schema)
        {
            writer.WriteStartObject("json_schema");
            writer.WriteString("name", json.SchemaName ?? "answer");
            if (json.SchemaDescription is { } description)
            {
                writer.WriteString("description", description);
            }

            writer.WritePropertyName("schema");
            schema.WriteTo(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    /// <summary>The form of the answer in words; <see langword="null"/> if a field says it, or none is asked for.</summary>
    private static string? FormatInWords(ChatResponseFormatJson? json, RequestForm form) =>
        json is null || form.Takes(RequestForm.ResponseFormat) ? null
        : json.Schema is { } schema ? $"Your answer is JSON of this schema and nothing else: {schema.GetRawText()}"
        : "Your answer is one JSON object and nothing else.";

    /// <summary>The optional fields of one request.</summary>
    private readonly struct Fields(Utf8JsonWriter writer, RequestForm form)
    {
        public Utf8JsonWriter Writer { get; } = writer;

        public HashSet<string> Sent { get; } = new(StringComparer.Ordinal);

        /// <summary>Writes the name of a field that the endpoint takes.</summary>
        public bool Begin(string field)
        {
            if (!form.Takes(field))
            {
                return false;
            }

            Sent.Add(field);
            Writer.WritePropertyName(field);
            return true;
        }

        public void Write(string field, float? value)
        {
            if (value is { } number && Begin(field))
            {
                Writer.WriteNumberValue(number);
            }
        }
    }
}

/// <summary>A request as it is sent.</summary>
/// <param name="Body">The JSON.</param>
/// <param name="Fields">The optional fields in it.</param>
internal sealed record WrittenRequest(ReadOnlyMemory<byte> Body, IReadOnlySet<string> Fields);
