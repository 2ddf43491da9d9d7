using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.TestKit;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>
/// Each member of each door's requests in turn has each wrong type: that is never a fault of the host, which a client would
/// repeat.
/// </summary>
[CancelAfter(300_000)]
internal sealed class DoorFuzzTests
{
    private static readonly string[] Values =
    [
        "null", "5", "1e30", "true", "\"x\"", "\"\\ud800\"", "[]", "{}", "[\"x\"]", "[5]", "[null]", "[{}]", """{"x":"x"}""",
    ];

    private ApiHost _host = null!;
    private int _requests;

    /// <summary>Address and body; <c>NEW</c> is another name in each request.</summary>
    private static IEnumerable<TestCaseData> Requests =>
    [
        new("v1/responses",
            """
            {"model":"worker","background":true,"stream":false,"instructions":"Heed.","metadata":{"team":"a"},"max_tool_calls":5,
            "input":[{"role":"user","content":[{"type":"input_text","text":"Answer NEW."}]},
            {"type":"function_call_output","call_id":"01JZZZZZZZZZZZZZZZZZZZZZZZ/1/0","output":"18"}],
            "tools":[{"type":"function","name":"look","description":"Looks.","parameters":{"type":"object"}}],
            "text":{"format":{"type":"json_schema","schema":{"type":"object"}}}}
            """),
        new("v1/responses",
            """{"agent":{"name":"worker"},"input":"Answer NEW.","background":true,"conversation":{"id":"conv_x"}}"""),
        new("v1/responses",
            """
            {"model":"worker","previous_response_id":"resp_01JZZZZZZZZZZZZZZZZZZZZZZZ","input":[
            {"type":"mcp_approval_response","approval_request_id":"mcpr_x","approve":true,"reason":"so"},
            {"type":"message","role":"user","content":[
            {"type":"function_approval_response","request_id":"mcpr_x","approved":true}]}]}
            """),
        new("v1/chat/completions",
            """
            {"model":"worker","stream":true,"stream_options":{"include_usage":true},"n":1,
            "response_format":{"type":"json_schema","json_schema":{"schema":{"type":"object"}}},
            "tools":[{"type":"function","function":{"name":"look","parameters":{"type":"object"}}}],
            "messages":[{"role":"system","content":"Be kind."},
            {"role":"assistant","content":"Yes?","tool_calls":[{"id":"a","type":"function","function":{"name":"look"}}]},
            {"role":"user","content":[{"type":"text","text":"Answer NEW."}]}]}
            """),
        new("v1/conversations", """{"metadata":{"topic":"a"},"items":[{"type":"message","role":"user","content":"Hear."}]}"""),
        new("agui/worker",
            """
            {"threadId":"NEW","runId":"r","state":{"a":1},"forwardedProps":{"subAgents":true},
            "context":[{"description":"a","value":"b"}],
            "messages":[{"id":"1","role":"assistant","content":"Yes?","toolCalls":[
            {"id":"c","type":"function","function":{"name":"look","arguments":"{}"}}]},
            {"id":"2","role":"user","content":[{"type":"text","text":"Answer."}]}],
            "tools":[{"name":"look","description":"Looks.","parameters":{"type":"object"}}],
            "resume":[{"interruptId":"x","status":"resolved","payload":{"approved":true}}]}
            """),
        new("agui/worker/connect", """{"threadId":"NEW"}"""),
        new("a2a/worker/message:send", Message),
        new("a2a/worker", $$"""{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":{{Message}}}"""),
        new("a2a/worker/message:send",
            """
            {"message":{"messageId":"NEW","role":"ROLE_USER","taskId":"01JZZZZZZZZZZZZZZZZZZZZZZZ","parts":[{"text":"Yes."}]},
            "configuration":{"taskPushNotificationConfig":
            {"url":"https://example.com/","token":"t","authentication":{"scheme":"Bearer","credentials":"c"}}}}
            """),
        new("a2a/worker",
            """{"jsonrpc":"2.0","id":1,"method":"ListTasks","params":{"pageSize":1,"historyLength":1,"status":"x"}}"""),
    ];

    private static string Message =>
        """
        {"message":{"messageId":"NEW","role":"ROLE_USER","contextId":"c","parts":[{"text":"Answer."},{"data":{"a":1}},
        {"raw":"aGk=","filename":"a.txt","mediaType":"text/plain"}],
        "metadata":{"urn:agentfunctions:mesh:v1":{"via":["h"],"budget":{"steps":9,"tokens":99,"usd":1,"seconds":60}}}},
        "configuration":{"returnImmediately":true,"historyLength":1}}
        """;

    [OneTimeSetUp]
    public async Task StartAsync() => _host = await DoorHost.StartAsync(
        static _ => ChatReply.Say("""{"a":1}"""), [], ("Api:RequestsPerSecond", "0"));

    [OneTimeTearDown]
    public async Task StopAsync() => await _host.DisposeAsync();

    [TestCaseSource(nameof(Requests))]
    public async Task Member_OfAnyWrongType_IsNoFaultOfTheHost(string address, string body, CancellationToken cancellationToken)
    {
        var faults = new List<string>();
        foreach (string path in Paths(JsonNode.Parse(body)!, "$"))
        {
            foreach (string value in Values)
            {
                (HttpStatusCode status, string told) = await SendAsync(address, With(body, path, value), cancellationToken);

                if ((int)status >= 500 || told.Contains("-32603", StringComparison.Ordinal))
                {
                    faults.Add($"{path.Replace('\n', '.')} = {value}: {told}");
                }
            }
        }

        Assert.That(faults, Is.Empty);
    }

    [TestCase("v1/responses", """{"model":"worker","input":["hi"]}""", "input[0]")]
    [TestCase("v1/responses", """{"agent":"x","input":"hi"}""", "agent")]
    [TestCase("v1/responses", """{"model":"worker","input":"hi","text":"x"}""", "text")]
    [TestCase("v1/responses", """{"model":"worker","input":"hi","tools":["x"]}""", "tools[0]")]
    [TestCase("v1/responses", """{"model":"worker","input":"\ud800"}""", "body")]
    [TestCase("v1/chat/completions", """{"model":"worker","messages":["hi"]}""", "messages[0]")]
    [TestCase(
        "v1/chat/completions",
        """{"model":"worker","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":"x"}""",
        "stream_options")]
    [TestCase("agui/worker", """{"threadId":"t","runId":"r","messages":["x"]}""", "messages[0]")]
    [TestCase("agui/worker", """{"threadId":"t","runId":"r","tools":["x"]}""", "tools[0]")]
    [TestCase("agui/worker", """{"threadId":"t","runId":"r","resume":["x"]}""", "resume[0]")]
    public async Task Request_OfAWrongType_NamesTheMemberAndStartsNothing(
        string address, string body, string field, CancellationToken cancellationToken)
    {
        int before = _host.Model.Requests.Count;

        (HttpStatusCode status, string told) = await SendAsync(address, body, cancellationToken);

        Assert.That(status, Is.EqualTo(HttpStatusCode.BadRequest), told);
        Assert.That(told, Does.Contain($"{field}: "));
        Assert.That(_host.Model.Requests, Has.Count.EqualTo(before));
    }

    private static IEnumerable<string> Paths(JsonNode node, string path) => node switch
    {
        JsonObject members => members.SelectMany(one => Paths(one.Value!, $"{path}\n{one.Key}")).Prepend(path),
        JsonArray entries => entries.Index().SelectMany(one => Paths(one.Item!, $"{path}\n{one.Index}")).Prepend(path),
        _ => [path],
    };

    private static string With(string body, string path, string value)
    {
        const string Place = "\"PLACE\"";
        JsonNode root = JsonNode.Parse(body)!;
        string[] steps = path.Split('\n')[1..];
        if (steps.Length == 0)
        {
            return value;
        }

        JsonNode at = steps[..^1].Aggregate(
            root, static (node, step) => node is JsonArray list ? list[int.Parse(step)]! : node[step]!);
        if (at is JsonArray entries)
        {
            entries[int.Parse(steps[^1])] = "PLACE";
        }
        else
        {
            at[steps[^1]] = "PLACE";
        }

        return root.ToJsonString().Replace(Place, value, StringComparison.Ordinal);
    }

    private async Task<(HttpStatusCode Status, string Told)> SendAsync(
        string address, string body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new StringContent(
                body.Replace("NEW", $"n{++_requests}", StringComparison.Ordinal), Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("A2A-Version", "1.0");
        using HttpResponseMessage response = await _host.Client.SendAsync(request, cancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
    }
}
