using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Runs;
using AgentFunctions.Views;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Doors.OpenAI;

/// <summary>Chat completions: the same exchanges as responses, told as one message.</summary>
internal sealed class ChatCompletions(NewResponses made, RunProjection projection, RunReader reader, RunStands stands)
{
    private static readonly string[] Known =
    [
        "model", "messages", "stream", "stream_options", "n", "temperature", "top_p", "frequency_penalty", "presence_penalty",
        "seed", "logit_bias", "logprobs", "top_logprobs", "user", "store", "metadata", "max_tokens", "max_completion_tokens",
        "stop", "service_tier", "parallel_tool_calls", "reasoning_effort", "response_format", "safety_identifier",
        "prompt_cache_key", "verbosity", "modalities", "tools", "tool_choice",
    ];

    /// <summary>Answers a request.</summary>
    /// <param name="http">The request.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IResult> CreateAsync(HttpContext http, CancellationToken cancellationToken)
    {
        (string? key, bool isRepeated) = OpenAIDoor.KeyOf(http.Request);
        Caller caller = OpenAIDoor.CallerOf(http, key);
        DoorCallers.EnsureMaySubmit(caller);
        JsonObject body = await OpenAIJson.ReadAsync(http.Request, cancellationToken);
        var request = ResponsesRequest.Read(ToResponses(body));
        bool counts = DoorJson.Flag(
            DoorJson.Object(body["stream_options"], "stream_options")?["include_usage"], "stream_options.include_usage");
        using DoorStream? stream = request.Streams ? DoorStream.Open(http) : null;
        Exchange exchange = await made.MakeAsync(request, body, caller, key, isRepeated, cancellationToken);
        if (stream is not null)
        {
            await stream.WriteAsync(exchange.RunId, token => StreamAsync(exchange, caller, counts, token));
            return TypedResults.Empty;
        }

        return OpenAIJson.Answer(await WaitAsync(exchange, caller, cancellationToken));
    }

    /// <summary>Makes a request of the Responses API of one for a chat completion.</summary>
    internal static JsonObject ToResponses(JsonObject body)
    {
        foreach ((string name, JsonNode? given) in body)
        {
            if (Array.IndexOf(Known, name) < 0 && given is not (null or JsonArray { Count: 0 }))
            {
                throw OpenAIException.Unsupported(name);
            }
        }

        if (body["n"] is { } many && !(many is JsonValue value && value.TryGetValue(out int n) && n == 1))
        {
            throw OpenAIException.Invalid("n", "one answer at a time; use 1.");
        }

        IReadOnlyList<JsonObject> messages = body["messages"] is null
            ? throw OpenAIException.Invalid("messages", "send a list of messages.")
            : DoorJson.Objects(body["messages"], "messages");
        string[] instructions =
        [
            .. messages.Where(static message => IsInstruction(message))
                .Select(static message => message["content"] is { } content ? ResponsesInput.TextOf(content) : ""),
        ];
        var made = new JsonObject
        {
            ["model"] = body["model"]?.DeepClone(),
            ["stream"] = body["stream"]?.DeepClone(),
            ["input"] = new JsonArray([.. messages.Where(static message => !IsInstruction(message)).SelectMany(Items)]),
            ["tools"] = body["tools"] is null
                ? null
                : new JsonArray([.. DoorJson.Objects(body["tools"], "tools").Select(Tool)]),
        };
        if (instructions.Length > 0)
        {
            made["instructions"] = string.Join('\n', instructions);
        }

        if (DoorJson.Object(body["response_format"], "response_format") is { } format)
        {
            JsonObject schema = DoorJson.Object(format["json_schema"], "response_format.json_schema") ?? [];
            var flat = (JsonObject)schema.DeepClone();
            flat["type"] = format["type"]?.DeepClone();
            made["text"] = new JsonObject { ["format"] = flat };
        }

        return made;

        static bool IsInstruction(JsonObject message) => message["role"]?.ToString() is "system" or "developer";

        static IEnumerable<JsonNode> Items(JsonObject message) => message["role"]?.ToString() switch
        {
            "user" => [Said(message)],
            "assistant" => [Said(message), .. DoorJson.Objects(message["tool_calls"], "messages.tool_calls").Select(CallOf)],
            "tool" =>
            [
                new JsonObject
                {
                    ["type"] = "function_call_output",
                    ["call_id"] = message["tool_call_id"]?.DeepClone(),
                    ["output"] = message["content"]?.DeepClone(),
                },
            ],
            _ => throw OpenAIException.Invalid("messages", "use the roles developer, system, user, assistant and tool."),
        };

        static JsonNode Said(JsonObject message) => new JsonObject
        {
            ["type"] = "message",
            ["role"] = message["role"]!.ToString(),
            ["content"] = message["content"]?.DeepClone() ?? "",
        };

        static JsonNode CallOf(JsonObject call) =>
            new JsonObject { ["type"] = "function_call", ["call_id"] = call["id"]?.DeepClone() };

        static JsonNode Tool(JsonObject tool)
        {
            if (tool["function"] is not JsonObject function)
            {
                throw OpenAIException.Invalid("tools", "only tools of the type function are supported.");
            }

            var flat = (JsonObject)function.DeepClone();
            flat["type"] = "function";
            return flat;
        }
    }

    private async Task<JsonObject> WaitAsync(Exchange exchange, Caller caller, CancellationToken cancellationToken)
    {
        var fold = new ChatFold();
        if (!await projection.WaitAsync(exchange, caller, Responses.Carries, TakeAsync, cancellationToken))
        {
            fold.Leave(exchange.RunId);
        }

        Run run = await EnsureAnsweredAsync(fold, exchange, cancellationToken);
        JsonObject completion = Head(exchange, run.Agent, "chat.completion");
        completion["choices"] = new JsonArray(new JsonObject
        {
            ["index"] = 0,
            ["message"] = MessageOf(fold),
            ["logprobs"] = null,
            ["finish_reason"] = fold.Reason,
        });
        completion["usage"] = fold.Usage;
        return completion;

        Task TakeAsync(RunFrame frame)
        {
            fold.Take(frame);
            return Task.CompletedTask;
        }
    }

    private async Task<Run> EnsureAnsweredAsync(ChatFold fold, Exchange exchange, CancellationToken cancellationToken)
    {
        Run run = fold.HasFailed
            ? await stands.EndedAsync(exchange.RunId, cancellationToken)
            : await reader.GetAsync(exchange.RunId, cancellationToken);
        fold.EnsureAnswered(run);
        return run;
    }

    private static JsonObject MessageOf(ChatFold fold)
    {
        var message = new JsonObject { ["role"] = "assistant", ["content"] = fold.Text, ["refusal"] = null };
        if (fold.Calls is { } calls)
        {
            message["content"] = fold.Text.Length == 0 ? null : fold.Text;
            message["tool_calls"] = calls.DeepClone();
        }

        return message;
    }

    /// <summary>Only the text of a turn that calls nothing is the answer, so it is sent once that is known.</summary>
    private async IAsyncEnumerable<DoorEvent> StreamAsync(
        Exchange exchange, Caller caller, bool counts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Run run = await reader.GetAsync(exchange.RunId, cancellationToken);
        var fold = new ChatFold();
        yield return Chunk(exchange, run.Agent, new JsonObject { ["role"] = "assistant", ["content"] = "" }, null);
        await foreach (RunFrame frame in projection.TellAsync(exchange, caller, Responses.Carries, true, cancellationToken))
        {
            fold.Take(frame);
        }

        OpenAIException? failure = null;
        try
        {
            await EnsureAnsweredAsync(fold, exchange, cancellationToken);
        }
        catch (OpenAIException e)
        {
            failure = e;
        }

        if (failure is not null)
        {
            // A connection that breaks off instead would have the client send the request again.
            yield return Write(OpenAIErrors.BodyOf(failure));
            yield break;
        }

        for (int at = 0, piece = 0; TextCuts.Next(fold.Text, at, piece, true) is > 0 and var length; at += length, piece++)
        {
            yield return Chunk(exchange, run.Agent, new JsonObject { ["content"] = fold.Text.Substring(at, length) }, null) with
            {
                IsPiece = true,
            };
        }

        foreach ((int index, JsonNode? call) in (fold.Calls ?? []).Index())
        {
            var delta = (JsonObject)call!.DeepClone();
            delta["index"] = index;
            yield return Chunk(exchange, run.Agent, new JsonObject { ["tool_calls"] = new JsonArray(delta) }, null);
        }

        yield return Chunk(exchange, run.Agent, [], fold.Reason);
        if (counts)
        {
            JsonObject usage = Head(exchange, run.Agent, "chat.completion.chunk");
            (usage["choices"], usage["usage"]) = (new JsonArray(), fold.Usage);
            yield return Write(usage);
        }

        yield return new DoorEvent("data: [DONE]\n\n"u8.ToArray(), true);
    }

    private static DoorEvent Chunk(Exchange exchange, string agent, JsonObject delta, string? reason)
    {
        JsonObject chunk = Head(exchange, agent, "chat.completion.chunk");
        chunk["choices"] = new JsonArray(
            new JsonObject { ["index"] = 0, ["delta"] = delta, ["logprobs"] = null, ["finish_reason"] = reason });
        return Write(chunk);
    }

    private static DoorEvent Write(JsonObject told) =>
        new(Encoding.UTF8.GetBytes($"data: {told.ToJsonString(OpenAIJson.Options)}\n\n"));

    private static JsonObject Head(Exchange exchange, string agent, string kind) => new()
    {
        ["id"] = $"chatcmpl-{exchange.RunId}-{exchange.From}",
        ["object"] = kind,
        ["created"] = exchange.At.ToUnixTimeSeconds(),
        ["model"] = agent,
    };
}
