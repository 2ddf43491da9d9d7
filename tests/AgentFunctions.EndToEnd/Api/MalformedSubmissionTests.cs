using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using AgentFunctions.Durability;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.EndToEnd.Api;

/// <summary>What is not exactly a submission is refused, and leaves nothing behind.</summary>
[CancelAfter(300_000)]
internal sealed class MalformedSubmissionTests
{
    private const int Count = 500;
    private const string Good =
        """{"agent":"lead","goal":"g","acceptance":"a","input":{"x":[1]},"labels":{"a":"b"},"priority":"high","budget":{"steps":3,"wallClock":"PT1H"}}""";

    [Test]
    public async Task Submit_FiveHundredMalformedBodies_AllRefusedAndNothingLeftBehind()
    {
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(ChatReply.Say("done"));
        await using ApiHost host = await ApiHost.StartAsync(model);
        int sent = 0;
        foreach (byte[] body in Bodies().Take(Count))
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using HttpResponseMessage response = await host.Http.PostAsync("/api/runs", content);
            string shown = Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(200, body.Length)));
            Assert.That((int)response.StatusCode, Is.InRange(400, 499), shown);
            Assert.That(await response.ProblemAsync((int)response.StatusCode), Is.Not.Empty, shown);
            sent++;
        }

        Assert.That(sent, Is.EqualTo(Count));
        Assert.That(await TracesAsync(host), Is.Empty);
        Assert.That((await host.Http.GetJsonAsync("/api/runs"))["runs"]!.AsArray(), Is.Empty);
        Assert.That(model.Count, Is.Zero);

        // The same body unharmed is accepted, so the refusals are due to the harm.
        using HttpResponseMessage good = await host.Http.SubmitAsync(Good);
        Assert.That((int)good.StatusCode, Is.EqualTo(202));
        Assert.That(await TracesAsync(host), Is.Not.Empty);
    }

    [TestCase("""{"goal":42}""", "goal")]
    [TestCase("""{"goal":"x","bugdet":{}}""", "bugdet")]
    [TestCase("""{"goal":"x","labels":{"team":7}}""", "labels.team")]
    [TestCase("""{"goal":"x","budget":{"steps":"7"}}""", "budget.steps")]
    [TestCase("""{"goal":"x","priority":"urgent"}""", "priority")]
    [TestCase("""{"goal":" "}""", "goal")]
    [TestCase("""{"goal":"x","callbackUrl":"ftp://x"}""", "callbackUrl")]
    public async Task Submit_AWrongField_IsNamed(string body, string field)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        using HttpResponseMessage response = await host.Http.SubmitAsync(body);
        JsonNode problem = await response.JsonAsync();
        Assert.That((int)response.StatusCode, Is.EqualTo(400));
        Assert.That((string?)problem["code"], Is.EqualTo("invalidInput"));
        Assert.That((string?)problem["detail"], Does.StartWith(field + ":"));
    }

    private static async Task<List<string>> TracesAsync(ApiHost host)
    {
        var traces = new List<string>();
        foreach (string prefix in new[] { "runs/", "idempotency/", "artifacts/", "plans/" })
        {
            traces.AddRange(await host.Services.GetRequiredService<IRecordStore>().ListAsync(prefix).Select(record => record.Key)
                .ToListAsync());
        }

        Page<OrchestrationState> instances = await host.Services.GetRequiredService<IOrchestrationClient>()
            .QueryAsync(new OrchestrationQuery());
        traces.AddRange(instances.Items.Select(instance => instance.InstanceId));
        return traces;
    }

    private static IEnumerable<byte[]> Bodies()
    {
        foreach (string text in Texts())
        {
            yield return Encoding.UTF8.GetBytes(text);
        }

        yield return [];
        yield return [.. "{\"goal\":\""u8, 0xFF, 0xFE, .. "\"}"u8];
        yield return [.. "{\"goal\":\""u8, 0xC3, 0x28, .. "\"}"u8];
        yield return [.. "{\"goal\":\""u8, 0xED, 0xA0, 0x80, .. "\"}"u8];
        yield return [0xEF, 0xBB, .. Encoding.UTF8.GetBytes(Good)];
        yield return Encoding.Unicode.GetBytes(Good);
        byte[] good = Encoding.UTF8.GetBytes(Good);
        for (int length = 1; length < good.Length; length++)
        {
            yield return good[..length];
        }

        // A fixed seed: the same mutations every time.
        var random = new Random(20260801);
        while (true)
        {
            yield return Mutate(good, random);
        }
    }

    /// <summary>Harms the body in one place, in a way that cannot leave it well-formed.</summary>
    private static byte[] Mutate(byte[] good, Random random)
    {
        int at = random.Next(good.Length);
        return random.Next(4) switch
        {
            0 => [.. good[..at], (byte)random.Next(0x80, 0x100), .. good[at..]],
            1 => [.. good[..at], (byte)random.Next(0x00, 0x09), .. good[at..]],
            2 => [.. good, (byte)random.Next('!', '~')],
            _ => [.. Encoding.UTF8.GetBytes($$"""{"{{Convert.ToHexString(BitConverter.GetBytes(random.Next()))}}":{{random.Next()}},"""), .. good[1..]],
        };
    }

    private static IEnumerable<string> Texts()
    {
        string[] values = ["null", "true", "7", "1e400", "\"\"", "\"text\"", "[]", "{}", "[[]]", "{\"a\":{}}", "\"\\ud800\"",
            "\"\\u0000\""];
        (string Field, string[] Fine)[] fields =
        [
            ("agent", ["null", "\"lead\""]),
            ("goal", ["\"text\""]),
            ("acceptance", ["null", "\"\"", "\"text\""]),
            ("input", ["null", "{}", "{\"a\":{}}"]),
            ("labels", ["null", "{}"]),
            ("priority", ["null"]),
            ("budget", ["null", "{}"]),
            ("callbackUrl", ["null"]),
        ];
        foreach ((string field, string[] fine) in fields)
        {
            foreach (string value in values.Except(fine))
            {
                yield return field == "goal" ? $$"""{"goal":{{value}} }""" : $$"""{"goal":"x","{{field}}":{{value}} }""";
            }
        }

        foreach (string value in values)
        {
            yield return value;
            yield return $$"""{"goal":"x","unknown":{{value}} }""";
            yield return $$"""{"Goal":"x","goal":"x","input":{{value}},"input":{} }""";
        }

        string[] whole =
        [
            "{}", "{\"goal\":\"   \"}", "{\"GOAL\":\"x\"}", "{\"goal\":\"x\",}", "{\"goal\":\"x\"} x", "{\"goal\":\"x\"}{}",
            "{goal:\"x\"}", "{'goal':'x'}",
            "// comment\n{\"goal\":\"x\"}", "{\"goal\":\"x\" /* comment */}", "{\"goal\":\"x\",\"goal\":\"x\"}",
            "{\"goal\":\"x\",\"\\u0067oal\":\"y\"}",
            "{\"goal\":\"x\",\"labels\":{\"a\":\"1\",\"a\":\"1\"}}", "{\"goal\":\"x\",\"input\":{\"a\":1,\"a\":1}}",
            "{\"goal\":\"x\",\"input\":{\"\\udc00\":1}}",
            "{\"goal\":\"x\",\"priority\":\"low, high\"}", "{\"goal\":\"x\",\"priority\":\"HIGH\"}",
            "{\"goal\":\"x\",\"priority\":\"urgent\"}", "{\"goal\":\"x\",\"priority\":1}",
            "{\"goal\":\"x\",\"agent\":\"nobody\"}", "{\"goal\":\"x\",\"agent\":\"../lead\"}",
            "{\"goal\":\"x\",\"agent\":\"Lead\"}",
            "{\"goal\":\"x\",\"budget\":{\"steps\":0}}", "{\"goal\":\"x\",\"budget\":{\"steps\":-1}}",
            "{\"goal\":\"x\",\"budget\":{\"steps\":1.5}}",
            "{\"goal\":\"x\",\"budget\":{\"steps\":99999999999}}", "{\"goal\":\"x\",\"budget\":{\"usd\":1e40}}",
            "{\"goal\":\"x\",\"budget\":{\"usd\":5}}",
            "{\"goal\":\"x\",\"budget\":{\"wallClock\":\"5 hours\"}}", "{\"goal\":\"x\",\"budget\":{\"wallClock\":\"-PT1H\"}}",
            "{\"goal\":\"x\",\"budget\":{\"wallClock\":\"P999999999999Y\"}}",
            "{\"goal\":\"x\",\"budget\":{\"step\":1}}", "{\"goal\":\"x\",\"callbackUrl\":\"/relative\"}",
            "{\"goal\":\"x\",\"callbackUrl\":\"file:///etc/passwd\"}",
            "{\"goal\":\"x\",\"labels\":{\"\":\"v\"}}", "{\"goal\":\"x\",\"labels\":{\"a\":null}}", "{\"goal\":\"a\\u0007b\"}",
            "{\"goal\":\"a\\u001b[2Jb\"}",
            "NaN", "Infinity", "undefined", " ", "\u00a0", "\u2028",
            $"{{\"goal\":\"{new string('x', 33 * 1024)}\"}}",
            $"{{\"goal\":\"{new string('x', 2 * 1024 * 1024)}\"}}",
            $"{{\"goal\":\"x\",\"input\":{{\"big\":\"{new string('x', 300 * 1024)}\"}}}}",
            $"{{\"goal\":\"x\",\"labels\":{{\"a\":\"{new string('x', 257)}\"}}}}",
            $"{{\"goal\":\"x\",\"labels\":{{\"{new string('n', 65)}\":\"v\"}}}}",
            $"{{\"goal\":\"x\",\"labels\":{{{string.Join(',', Enumerable.Range(0, 33).Select(i => $"\"l{i}\":\"v\""))}}}}}",
            $"{{\"goal\":\"x\",\"callbackUrl\":\"http://x/{new string('x', 2048)}\"}}",
            $"{{\"goal\":\"x\",\"{new string('f', 100_000)}\":1}}",
        ];
        foreach (string text in whole)
        {
            yield return text;
        }

        foreach (int depth in new[] { 33, 64, 1_000, 100_000 })
        {
            yield return "{\"goal\":\"x\",\"input\":{\"a\":" + new string('[', depth) + new string(']', depth) + "}}";
            yield return new string('[', depth);
            yield return string.Concat(Enumerable.Repeat("{\"a\":", depth));
        }
    }
}
