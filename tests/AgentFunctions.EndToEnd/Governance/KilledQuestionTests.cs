using System.Net.Http.Json;
using System.Text.Json;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Governance;

/// <summary>
/// Questions that are open while the server is killed: each is answered in another way, one by nobody, and the transcript has
/// what each person said, word for word and once.
/// </summary>
[CancelAfter(600_000)]
internal sealed class KilledQuestionTests
{
    private static readonly string[] Asked = ["over the API?", "in the program?", "from the notice?", "of nobody?"];

    [Test]
    public async Task Questions_ServerKilledWhileTheyAreOpen_TranscriptHasExactlyWhatEachPersonSaid(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        string channel = Path.Combine(folder.Path, "notices.jsonl");
        folder.Write("agents/asker.md", "---\nname: asker\ntools: [ask_person]\n---\nAsk.");
        folder.Write("policy.yaml", """
            rules:
              - {name: soon, when: {tool: ask_person, arguments: {urgency: {is: low}}}, then: allow, answer: {expires: 20s}}
              - {name: any, when: {tool: ask_person}, then: allow}
            """);
        IReadOnlyList<string> heard = [];
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request =>
        {
            heard = request.Turn == 0 ? heard : request.Results;
            return request.Turn == 0
                ? new ChatReply { Calls = [.. Asked.Select(Ask)] }
                : ChatReply.Say("done");
        });
        ProgramProcess server = Start(folder.Path, channel, model.BaseUrl);
        HttpClient http = new() { BaseAddress = await server.ListeningAsync() };
        try
        {
            using HttpResponseMessage submitted = await http.PostAsJsonAsync(
                "/api/runs", new { goal = "Ask.", agent = "asker" }, cancellationToken);
            string run = (await submitted.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id")
                .GetString()!;
            JsonElement[] open = await OpenAsync(http, run, 3, cancellationToken);

            await RestartAsync();
            await AnswerAsync(http, $"/api/questions/{IdOf(open, 0)}", "by the API", cancellationToken);
            await RestartAsync();
            (int exitCode, string output, string errors) = await ProgramProcess.RunAsync(
                null, folder.Path, "answer", IdOf(open, 1), "answer=by the program", "--server", http.BaseAddress!.ToString());
            Assert.That(exitCode, Is.Zero, output + errors);
            JsonElement notice = JsonElement.Parse(await NoticeAsync(channel, IdOf(open, 2), cancellationToken));
            JsonElement data = notice.TryGetProperty("data", out JsonElement inner) ? inner : notice;
            Assert.That(data.GetProperty("page").GetString(), Does.EndWith($"/dashboard/questions/{IdOf(open, 2)}"));
            Assert.That(
                data.GetProperty("form").GetProperty("properties").GetProperty("answer").GetProperty("type").GetString(),
                Is.EqualTo("string"));
            await AnswerAsync(http, data.GetProperty("answer").GetString()!, "by the notice", cancellationToken);
            await Poll.ForAsync(
                () => http.GetFromJsonAsync<JsonElement>($"/api/runs/{run}", cancellationToken),
                static found => found.GetProperty("status").GetString() == "completed", cancellationToken);
            JsonElement transcript = await http.GetFromJsonAsync<JsonElement>($"/api/runs/{run}/transcript", cancellationToken);
            JsonElement verified = await http.GetFromJsonAsync<JsonElement>("/api/audit/verify", cancellationToken);
            JsonElement audit = await http.GetFromJsonAsync<JsonElement>($"/api/audit?run={run}&limit=1000", cancellationToken);

            string all = transcript.GetRawText();
            foreach (string said in new[] { "answered: by the API", "answered: by the program", "answered: by the notice" })
            {
                Assert.That(all.Split(said).Length - 1, Is.EqualTo(1), $"'{said}' stands once in {all}");
            }

            string[] results = [.. heard];
            Assert.That(results, Has.Length.EqualTo(4));
            Assert.That(results[..3], Has.All.Contain("local"));
            Assert.That(results[3], Does.Contain("""{"outcome":"expired"}"""));
            string?[] ends =
                [.. audit.GetProperty("items").EnumerateArray().Select(static entry => entry.GetProperty("type").GetString())];
            Assert.That(ends.Count(static type => type == "question.answered"), Is.EqualTo(3));
            Assert.That(ends.Count(static type => type == "question.expired"), Is.EqualTo(1));
            Assert.That(verified.GetProperty("holds").GetBoolean(), Is.True);

            async Task RestartAsync()
            {
                await server.KillAsync();
                await server.DisposeAsync();
                server = Start(folder.Path, channel, model.BaseUrl);
                http.Dispose();
                http = new HttpClient { BaseAddress = await server.ListeningAsync() };
            }
        }
        finally
        {
            await server.DisposeAsync();
            http.Dispose();
        }
    }

    private static string IdOf(JsonElement[] open, int number) =>
        open.Single(question => question.GetProperty("question").GetString() == Asked[number]).GetProperty("id").GetString()!;

    private static ChatReplyCall Ask(string text) =>
        ChatReplyCall.Of("ask_person", new { question = text, urgency = text == Asked[3] ? "low" : "normal" });

    /// <summary>Waits until so many of the questions that people answer are open.</summary>
    private static Task<JsonElement[]> OpenAsync(HttpClient http, string run, int least, CancellationToken cancellationToken) =>
        Poll.ForAsync(
            async () =>
            {
                JsonElement found = await http.GetFromJsonAsync<JsonElement>($"/api/questions?run={run}", cancellationToken);
                return found.GetProperty("items").EnumerateArray()
                    .Where(static question => question.GetProperty("question").GetString() != Asked[3]).ToArray();
            },
            open => open.Length >= least, cancellationToken);

    /// <summary>Waits for the notice of a question, which is sent after the question is open.</summary>
    private static Task<string> NoticeAsync(string channel, string id, CancellationToken cancellationToken) => Poll.ForAsync(
        async () =>
        {
            // A line that has no end yet is still being written.
            string told = File.Exists(channel) ? await File.ReadAllTextAsync(channel, cancellationToken) : "";
            return told.Split('\n')[..^1].FirstOrDefault(line => line.Contains(id, StringComparison.Ordinal));
        },
        cancellationToken);

    private static async Task AnswerAsync(HttpClient http, string address, string words, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await http.PostAsJsonAsync(
            address, new { answers = new { answer = words } }, cancellationToken);
        Assert.That(response.IsSuccessStatusCode, Is.True, await response.Content.ReadAsStringAsync(cancellationToken));
    }

    private static ProgramProcess Start(string folder, string channel, string modelUrl) => ProgramProcess.Start(
        new Dictionary<string, string>
        {
            ["OPENAI_API_KEY"] = "sk-test",
            ["OPENAI_BASE_URL"] = modelUrl,
            ["OPENAI_MODEL"] = "scripted",
            ["Governance__PolicyPath"] = Path.Combine(folder, "policy.yaml"),
            ["Governance__ApprovalChannels__requester__0"] = "log",
            ["Notifications__Channels__log__File"] = channel,
        },
        "serve", "--urls", "http://127.0.0.1:0", "--data", Path.Combine(folder, "data"),
        "--workspace", Directory.CreateDirectory(Path.Combine(folder, "work")).FullName, "--agents",
        Path.Combine(folder, "agents"));
}
