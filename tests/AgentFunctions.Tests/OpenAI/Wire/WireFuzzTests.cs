using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.TestKit;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.OpenAI.Wire;

/// <summary>
/// Valid answers with fields dropped, doubled and retyped: what comes of one is an answer or a typed error, never anything else.
/// </summary>
[CancelAfter(300_000)]
public sealed class WireFuzzTests
{
    private const int Rounds = 400;

    /// <summary>Stands for half a surrogate pair, which no writer writes.</summary>
    private const string Half = "@half@";

    private static readonly string[] Chunks =
    [
        """{"id":"c1","object":"chat.completion.chunk","created":1700000000,"model":"q","choices":[{"index":0,"delta":{"role":"assistant","content":"hello","reasoning_content":"hm"},"finish_reason":null}]}""",
        """{"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":"}}]},"finish_reason":null}]}""",
        """{"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}},{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}]},"finish_reason":null}]}""",
        """{"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}""",
        """{"id":"c1","choices":[],"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_tokens_details":{"cached_tokens":3}}}""",
    ];

    private const string Whole =
        """{"id":"c1","object":"chat.completion","created":1700000000,"model":"q","choices":[{"index":0,"message":{"role":"assistant","content":"hello","refusal":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120}}""";

    [TestCase(1)]
    [TestCase(2)]
    public async Task Ask_MutatedAnswer_IsAnAnswerOrATypedError(int seed)
    {
        var random = new Random(seed);
        string body = "";
        await using OpenAIProtocolServer server =
            await OpenAIProtocolServer.StartAsync(_ => WireHost.Raw(Volatile.Read(ref body)));
        await using ModelHost host = ModelHost.Of(server, ("MaxRetries", "0"), ("CircuitBreakerThroughput", "10000"));
        int answers = 0;
        for (int round = 0; round < Rounds; round++)
        {
            bool streaming = random.Next(4) > 0;
            string mutated = streaming ? Stream(random) : Mutated(Whole, random);
            Volatile.Write(ref body, mutated);
            try
            {
                ChatResponse answer = await host.AskAsync(streaming);
                FunctionCallContent[] calls = WireHost.Calls(answer);
                Assert.That(calls.Select(static call => call.CallId), Is.Unique.And.All.Not.Empty, mutated);
                Assert.That(calls.Select(static call => call.Name), Is.All.Matches("^[A-Za-z0-9_-]{1,64}$"), mutated);
                Assert.That(answer.Usage?.InputTokenCount, Is.Null.Or.GreaterThan(0), mutated);
                Assert.DoesNotThrow(() => OpenAIProtocolChatClientTests.TranscriptRoundTrip([.. answer.Messages]), mutated);
                answers++;
            }
            catch (AgentException error)
            {
                Assert.That(
                    error.Code,
                    Is.AnyOf(
                        ErrorCode.ModelProtocolError, ErrorCode.ModelStreamTruncated, ErrorCode.ModelUnavailable,
                        ErrorCode.ModelRequestRejected,
                        ErrorCode.ModelContentFiltered, ErrorCode.ModelRateLimited, ErrorCode.ModelContextExceeded,
                        ErrorCode.ModelUnauthorized,
                        ErrorCode.ModelNotFound),
                    mutated);
            }
        }

        Assert.That(answers, Is.GreaterThan(Rounds / 2), "most of what is changed does not matter");
    }

    private static string Stream(Random random)
    {
        List<string> events = [.. Chunks.Select(chunk => random.Next(3) == 0 ? Mutated(chunk, random) : chunk)];
        int at = random.Next(events.Count);
        switch (random.Next(6))
        {
            case 0:
                events.RemoveAt(at);
                break;
            case 1:
                events.Insert(at, events[at]);
                break;
            case 2:
                events[at] = events[at][..random.Next(events[at].Length)];
                break;
        }

        string end = random.Next(5) switch { 0 => "\r\n\r\n", 1 => "\n", _ => "\n\n" };
        string prefix = random.Next(4) == 0 ? "data:" : "data: ";
        return string.Concat(events.Select(text => prefix + text + end)) + (random.Next(3) == 0 ? "" : "data: [DONE]" + end);
    }

    private static string Mutated(string json, Random random)
    {
        JsonNode root = JsonNode.Parse(json)!;
        for (int i = 0; i <= random.Next(3); i++)
        {
            List<JsonNode> nodes = [];
            Collect(root, nodes);
            JsonNode target = nodes[random.Next(nodes.Count)];
            Change(target, random);
        }

        return root.ToJsonString().Replace(Half, "half \\ud83d", StringComparison.Ordinal);
    }

    private static void Change(JsonNode target, Random random)
    {
        if (target is JsonObject members && members.Count > 0)
        {
            string name = members.ElementAt(random.Next(members.Count)).Key;
            if (random.Next(3) == 0)
            {
                members.Remove(name);
            }
            else
            {
                members[name] = Other(members[name], random);
            }
        }
        else if (target is JsonArray items && items.Count > 0)
        {
            int at = random.Next(items.Count);
            switch (random.Next(3))
            {
                case 0:
                    items.RemoveAt(at);
                    break;
                case 1:
                    items.Insert(at, items[at]?.DeepClone());
                    break;
                default:
                    items[at] = Other(items[at], random);
                    break;
            }
        }
    }

    private static JsonNode? Other(JsonNode? old, Random random) => random.Next(12) switch
    {
        0 => null,
        1 => JsonValue.Create(""),
        2 => JsonValue.Create("text"),
        3 => JsonValue.Create(-1),
        4 => JsonValue.Create(5.0),
        5 => JsonValue.Create(true),
        6 => new JsonArray(),
        7 => new JsonObject(),
        8 => new JsonArray(old?.DeepClone()),
        9 => new JsonObject { ["text"] = old?.DeepClone() },
        10 => JsonValue.Create(Half),
        _ => JsonNode.Parse("1e999"),
    };

    private static void Collect(JsonNode? node, List<JsonNode> nodes)
    {
        if (node is JsonObject members)
        {
            nodes.Add(members);
            foreach ((string _, JsonNode? value) in members)
            {
                Collect(value, nodes);
            }
        }
        else if (node is JsonArray items)
        {
            nodes.Add(items);
            foreach (JsonNode? item in items)
            {
                Collect(item, nodes);
            }
        }
    }
}
