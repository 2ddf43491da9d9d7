using System.Text.Json;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Governance.Questions;

/// <summary>Questions over the host's notification channels: who is told what, when again, and when others are.</summary>
[CancelAfter(300_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class QuestionChannelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly VirtualTime _time = new(new DateTimeOffset(2026, 5, 4, 8, 0, 0, TimeSpan.Zero));

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task Asked_NobodyComes_IsToldRemindedAndEscalatedWithFormAndAddress(CancellationToken cancellationToken)
    {
        await using RunHost host = await RunHost.StartAsync(
            services => services.AddSingleton<TimeProvider>(_time),
            static request => request.Turn == 0
                ? ChatReply.Call("ask_person",
                    new
                    {
                        question = "Which region?",
                        why = "Prices differ.",
                        choices = new[] { "weu", "neu" },
                        urgency = "high"
                    })
                : ChatReply.Say(request.Results[^1]),
            null, static agent => agent.WithTools("ask_person"),
            [
                ("Governance:PolicyPath", _folder.Write("policy.yaml", """
                    rules: [{name: leads, when: {tool: ask_person}, then: allow, answer: {roles: [lead], remind: 1h, escalateAfter: 4h, escalateTo: [head], expires: 2d}}]
                    """)),
                ("Governance:ApprovalChannels:lead:0", "leads"), ("Notifications:Channels:leads:File", FileOf("leads")),
                ("Governance:ApprovalChannels:head:0", "heads"), ("Notifications:Channels:heads:File", FileOf("heads")),
            ]);
        Run run = await host.SubmitAsync();
        Question asked = await ToldAsync(host, 1, cancellationToken);
        _time.Advance(TimeSpan.FromMinutes(61));
        await ToldAsync(host, 2, cancellationToken);
        _time.Advance(TimeSpan.FromHours(3));
        await ToldAsync(host, 3, cancellationToken);
        await host.Get<QuestionService>().AnswerAsync(
            asked.Id, new Caller("user:hana") { Roles = ["head"] }, JsonElement.Parse("""{"answer":"neu"}"""), cancellationToken);
        run = await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        JsonElement[] leads = Read("leads"), heads = Read("heads");
        Assert.That(leads.Select(static notice => notice.GetProperty("type").GetString()),
            Is.EqualTo(new[] { "question.requested", "question.reminder", "question.escalated" }));
        Assert.That(heads.Select(static notice => notice.GetProperty("type").GetString()),
            Is.EqualTo(new[] { "question.escalated" }));
        foreach (JsonElement data in leads.Concat(heads).Select(static notice => notice.GetProperty("data")))
        {
            Assert.That(
                (data.GetProperty("question").GetString(), data.GetProperty("why").GetString(),
                    data.GetProperty("urgency").GetString()),
                Is.EqualTo(("Which region?", "Prices differ.", "high")));
            Assert.That(data.GetProperty("form").GetProperty("properties").GetProperty("answer").GetProperty("oneOf")
                .GetArrayLength(), Is.EqualTo(2));
            Assert.That(data.GetProperty("answer").GetString(), Is.EqualTo($"/api/questions/{asked.Id}"));
            Assert.That(data.GetProperty("page").GetString(), Is.EqualTo($"/dashboard/questions/{asked.Id}"));
        }

        Assert.That(run.Result?.Text, Is.EqualTo("user:hana (head) answered: neu"));
    }

    private string FileOf(string channel) => Path.Combine(_folder.Path, $"{channel}.jsonl");

    private JsonElement[] Read(string channel) =>
        [.. File.ReadAllLines(FileOf(channel)).Select(static line => JsonElement.Parse(line))];

    /// <summary>Waits until people have been told so often.</summary>
    private static Task<Question> ToldAsync(RunHost host, int times, CancellationToken cancellationToken) => Poll.ForAsync(
        async () => (await host.Get<QuestionService>()
            .ListPendingAsync(null, cancellationToken)).FirstOrDefault(question => question.Reminders >= times),
        cancellationToken);
}
