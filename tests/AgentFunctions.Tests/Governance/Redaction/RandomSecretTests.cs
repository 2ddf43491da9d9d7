using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.AspNetCore;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.Extensions.Configuration;
using RunRequest = AgentFunctions.Gateway.RunRequest;

namespace AgentFunctions.Tests.Governance.Redaction;

/// <summary>A random secret in random places changes nothing of what is executed or parsed, and appears in no view.</summary>
[CancelAfter(300_000)]
internal sealed class RandomSecretTests
{
    [Test]
    public async Task Run_WithARandomSecretInRandomPlaces_RunsWithTheTruthAndShowsNone([Range(1, 12)] int seed)
    {
        var random = new Random(seed);
        string secret = SecretOf(random);
        JsonObject arguments = Arguments(random, secret, 0);
        string goal = Text(random, secret);
        string answer = Text(random, secret);
        JsonObject input = Arguments(random, secret, 0);
        var seen = new List<string>();
        AgentTool take = AgentTool.Create("take", "Takes.", ToolEffect.Idempotent, (JsonElement value, string text) =>
        {
            seen.Add(value.GetRawText());
            return $"took {text}";
        });
        string text = Text(random, secret);
        await using ApiHost host = await ApiHost.StartAsync(
            request => request.Turn == 0 ? ChatReply.Call("take", new { value = arguments, text }) : ChatReply.Say(answer),
            [take],
            builder => builder.Configuration.AddInMemoryCollection([new("Secrets:one", secret)]));

        string id = await host.SubmitAsync(new { goal, input, labels = new { team = Text(random, secret) } });
        await host.Get<RunReader>().WaitForEndAsync(id);

        Assert.That(JsonNode.DeepEquals(JsonNode.Parse(seen.Single()), arguments), Is.True, seen.Single());
        RunRecord record = await host.Get<RunStore>().GetAsync(id);
        Assert.That(record.Goal, Is.EqualTo(goal));
        Assert.That(JsonNode.DeepEquals(JsonNode.Parse(record.Input!.Value.GetRawText()), input), Is.True);
        foreach (string path in new[]
        {
            "/api/runs", $"/api/runs/{id}", $"/api/runs/{id}/transcript", $"/api/runs/{id}/tree",
            $"/api/runs/{id}/events?follow=false", $"/api/audit?run={id}", "/api/approvals",
        })
        {
            string view = await host.Client.GetStringAsync(new Uri(path, UriKind.Relative));
            foreach (string shown in Strings(view))
            {
                Assert.That(shown, Does.Not.Contain(secret), $"{path}: {shown}");
            }
        }

        foreach (ChatRequest request in host.Model.Requests)
        {
            Assert.That(Strings(request.Body.GetRawText()).Where(one => one.Contains(secret, StringComparison.Ordinal)), Is.Empty,
                "a model is shown no secret");
        }
    }

    private static string SecretOf(Random random)
    {
        string[] alphabets = ["abcdefghijklmnop", "ABCDEFabcdef0123456789+/", "pässwörd€漢字", "q\"w\\e\tr<>&'%", "0123456789"];
        string alphabet = alphabets[random.Next(alphabets.Length)];
        string secret = string.Concat(Enumerable.Range(0, random.Next(9, 30)).Select(_ => alphabet[random.Next(alphabet.Length)]))
            .Trim();
        return char.IsAsciiDigit(secret[0]) ? $"1{secret[1..Math.Min(secret.Length, 14)]}" : secret.PadRight(9, 'k');
    }

    /// <summary>A text with the secret alone, at an end, within, twice, on its own line or in JSON.</summary>
    private static string Text(Random random, string secret) => random.Next(7) switch
    {
        0 => secret,
        1 => $"{secret} first",
        2 => $"last {secret}",
        3 => $"within {secret} it",
        4 => $"twice {secret}\n\t{secret}",
        5 => JsonSerializer.Serialize(new { key = secret }),
        _ => "nothing of it",
    };

    private static JsonObject Arguments(Random random, string secret, int depth)
    {
        var made = new JsonObject();
        for (int i = 0; i < 5; i++)
        {
            string name = random.Next(6) == 0 && !made.ContainsKey(secret) ? secret : $"n{i}";
            made[name] = random.Next(6) switch
            {
                0 when long.TryParse(secret, out long number) => number,
                1 when depth < 3 => Arguments(random, secret, depth + 1),
                2 => new JsonArray(Text(random, secret), 12, Text(random, secret)),
                3 => random.Next(),
                4 => null,
                _ => Text(random, secret),
            };
        }

        return made;
    }

    /// <summary>All string values of an answer: of JSON, of lines of JSON, and of an event stream.</summary>
    private static IEnumerable<string> Strings(string text)
    {
        foreach (string line in text.StartsWith('{') || text.StartsWith('[')
            ? [text]
            : text.Split('\n').Select(static line => line.StartsWith("data:", StringComparison.Ordinal) ? line[5..] : line))
        {
            JsonNode? node;
            try
            {
                node = line.Length == 0 ? null : JsonNode.Parse(line);
            }
            catch (JsonException)
            {
                node = JsonValue.Create(line);
            }

            foreach (string one in Values(node))
            {
                yield return one;
            }
        }
    }

    private static IEnumerable<string> Values(JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(static member => Values(member.Value)),
        JsonArray list => list.SelectMany(Values),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => [value.GetValue<string>()],
        _ => [],
    };
}
