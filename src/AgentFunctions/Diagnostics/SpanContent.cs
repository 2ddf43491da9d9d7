using System.Text;
using System.Text.Json;
using AgentFunctions.Core.Text;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Diagnostics;

/// <summary>Writes messages as the conventions want them in spans: <c>[{"role", "parts": [{"type", "content"}]}]</c>.</summary>
internal static class SpanContent
{
    /// <summary>How much of one part is written, in characters.</summary>
    public const int PartLimit = 16_000;

    /// <summary>Writes messages.</summary>
    /// <param name="messages">The messages, without secrets.</param>
    public static string Of(IEnumerable<ChatMessage> messages)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (ChatMessage message in messages)
            {
                json.WriteStartObject();
                json.WriteString("role", message.Role.Value);
                json.WriteStartArray("parts");
                foreach (AIContent content in message.Contents)
                {
                    Write(json, content);
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void Write(Utf8JsonWriter json, AIContent content)
    {
        json.WriteStartObject();
        switch (content)
        {
            case TextContent text:
                json.WriteString("type", "text");
                json.WriteString("content", Cut(text.Text));
                break;
            case TextReasoningContent reasoning:
                json.WriteString("type", "reasoning");
                json.WriteString("content", Cut(reasoning.Text));
                break;
            case FunctionCallContent call:
                json.WriteString("type", "tool_call");
                json.WriteString("id", call.CallId);
                json.WriteString("name", call.Name);
                json.WriteString("arguments", Cut(ModelConventions.ArgumentsText(call)));
                break;
            case FunctionResultContent result:
                json.WriteString("type", "tool_call_response");
                json.WriteString("id", result.CallId);
                json.WriteString("response", Cut(result.Result?.ToString()));
                break;
            default:
                json.WriteString("type", content.GetType().Name);
                break;
        }

        json.WriteEndObject();
    }

    /// <summary>Gets the beginning of a text.</summary>
    public static string Cut(string? text) => Preview.Of(text, PartLimit) ?? "";
}
