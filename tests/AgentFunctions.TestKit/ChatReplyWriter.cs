using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.TestKit;

/// <summary>Writes a reply the way OpenAI does, whole or as a stream.</summary>
internal static class ChatReplyWriter
{
    private const int PieceLength = 24;

    public static async Task WriteAsync(HttpContext context, ChatRequest request, ChatReply reply)
    {
        CancellationToken aborted = context.RequestAborted;
        if (reply.Before is not null)
        {
            await reply.Before(aborted);
        }

        HttpResponse response = context.Response;
        response.StatusCode = reply.Status;
        foreach ((string name, string value) in reply.Headers)
        {
            response.Headers[name] = value;
        }

        if (reply.AbortAfterChunks == 0)
        {
            context.Abort();
        }
        else if (reply.RawBody is not null || reply.Status != 200)
        {
            response.ContentType = reply.ContentType;
            await response.WriteAsync(reply.RawBody ?? "", aborted);
        }
        else if (request.Stream)
        {
            response.ContentType = "text/event-stream";
            await StreamAsync(context, request, reply);
        }
        else
        {
            response.ContentType = "application/json";
            ReadOnlyMemory<byte> body = Json(writer => Completion(writer, request, reply));
            response.ContentLength = body.Length;
            await response.Body.WriteAsync(body, aborted);
        }
    }

    private static async Task StreamAsync(HttpContext context, ChatRequest request, ChatReply reply)
    {
        int count = 0;
        foreach (Action<Utf8JsonWriter> delta in Deltas(reply))
        {
            if (count == reply.EndAfterChunks)
            {
                return;
            }

            if (count == reply.AbortAfterChunks)
            {
                context.Abort();
                return;
            }

            if (count > 0 && reply.BetweenChunks is not null)
            {
                await reply.BetweenChunks(context.RequestAborted);
            }

            await EventAsync(context, Json(writer => Chunk(writer, request, delta, null, null)));
            count++;
        }

        if (count == reply.AbortAfterChunks)
        {
            context.Abort();
            return;
        }

        if (count == reply.EndAfterChunks)
        {
            return;
        }

        await EventAsync(context, Json(writer => Chunk(writer, request, static _ => { }, FinishReason(reply), null)));
        await EventAsync(context, Json(writer => Chunk(writer, request, null, null, reply.Usage)));
        await EventAsync(context, "[DONE]"u8.ToArray());
    }

    private static async Task EventAsync(HttpContext context, ReadOnlyMemory<byte> data)
    {
        byte[] line = [.. "data: "u8, .. data.Span, .. "\n\n"u8];
        await context.Response.Body.WriteAsync(line, context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    // Calls are cut in the middle of names' arguments, as providers do.
    private static IEnumerable<Action<Utf8JsonWriter>> Deltas(ChatReply reply)
    {
        yield return static writer => writer.WriteString("role", "assistant");
        foreach (string piece in Pieces(reply.Reasoning))
        {
            yield return writer => writer.WriteString("reasoning_content", piece);
        }

        foreach (string piece in Pieces(reply.Text))
        {
            yield return writer => writer.WriteString("content", piece);
        }

        foreach (string piece in Pieces(reply.Refusal))
        {
            yield return writer => writer.WriteString("refusal", piece);
        }

        for (int index = 0; index < reply.Calls.Count; index++)
        {
            ChatReplyCall call = reply.Calls[index];
            int position = index;
            yield return writer => CallDelta(writer, position, call, "");
            foreach (string piece in Pieces(call.Arguments))
            {
                yield return writer => CallDelta(writer, position, null, piece);
            }
        }
    }

    private static void CallDelta(Utf8JsonWriter writer, int index, ChatReplyCall? begin, string arguments)
    {
        writer.WriteStartArray("tool_calls");
        writer.WriteStartObject();
        writer.WriteNumber("index", index);
        if (begin is not null)
        {
            writer.WriteString("id", begin.Id);
            writer.WriteString("type", "function");
        }

        writer.WriteStartObject("function");
        if (begin is not null)
        {
            writer.WriteString("name", begin.Name);
        }

        writer.WriteString("arguments", arguments);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndArray();
    }

    private static void Chunk(
        Utf8JsonWriter writer, ChatRequest request, Action<Utf8JsonWriter>? delta, string? finishReason, ChatReplyUsage? usage)
    {
        Head(writer, request, "chat.completion.chunk");
        writer.WriteStartArray("choices");
        if (delta is not null)
        {
            writer.WriteStartObject();
            writer.WriteNumber("index", 0);
            writer.WriteStartObject("delta");
            delta(writer);
            writer.WriteEndObject();
            writer.WriteString("finish_reason", finishReason);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        WriteUsage(writer, usage);
    }

    private static void Completion(Utf8JsonWriter writer, ChatRequest request, ChatReply reply)
    {
        Head(writer, request, "chat.completion");
        writer.WriteStartArray("choices");
        writer.WriteStartObject();
        writer.WriteNumber("index", 0);
        writer.WriteStartObject("message");
        writer.WriteString("role", "assistant");
        writer.WriteString("content", reply.Text);
        if (reply.Reasoning is not null)
        {
            writer.WriteString("reasoning_content", reply.Reasoning);
        }

        if (reply.Refusal is not null)
        {
            writer.WriteString("refusal", reply.Refusal);
        }

        if (reply.Calls.Count > 0)
        {
            writer.WriteStartArray("tool_calls");
            foreach (ChatReplyCall call in reply.Calls)
            {
                writer.WriteStartObject();
                writer.WriteString("id", call.Id);
                writer.WriteString("type", "function");
                writer.WriteStartObject("function");
                writer.WriteString("name", call.Name);
                writer.WriteString("arguments", call.Arguments);
                writer.WriteEndObject();
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
        writer.WriteString("finish_reason", FinishReason(reply));
        writer.WriteEndObject();
        writer.WriteEndArray();
        WriteUsage(writer, reply.Usage);
    }

    private static void Head(Utf8JsonWriter writer, ChatRequest request, string kind)
    {
        writer.WriteString("id", $"chatcmpl-{request.Index}");
        writer.WriteString("object", kind);
        writer.WriteNumber("created", 1_700_000_000);
        writer.WriteString("model", request.Model);
    }

    private static void WriteUsage(Utf8JsonWriter writer, ChatReplyUsage? usage)
    {
        if (usage is null)
        {
            return;
        }

        writer.WriteStartObject("usage");
        writer.WriteNumber("prompt_tokens", usage.Input);
        writer.WriteNumber("completion_tokens", usage.Output);
        writer.WriteNumber("total_tokens", usage.Input + usage.Output);
        writer.WriteStartObject("prompt_tokens_details");
        writer.WriteNumber("cached_tokens", usage.Cached);
        writer.WriteEndObject();
        writer.WriteStartObject("completion_tokens_details");
        writer.WriteNumber("reasoning_tokens", usage.Reasoning);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static string FinishReason(ChatReply reply) => reply.FinishReason ?? (reply.Calls.Count > 0 ? "tool_calls" : "stop");

    private static IEnumerable<string> Pieces(string? text)
    {
        for (int start = 0, length; start < (text?.Length ?? 0); start += length)
        {
            length = Math.Min(PieceLength, text!.Length - start);
            // A character of two units is never cut.
            length -= start + length < text.Length && char.IsHighSurrogate(text[start + length - 1]) ? 1 : 0;
            yield return text.Substring(start, length);
        }
    }

    private static ReadOnlyMemory<byte> Json(Action<Utf8JsonWriter> content)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        content(writer);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }
}
