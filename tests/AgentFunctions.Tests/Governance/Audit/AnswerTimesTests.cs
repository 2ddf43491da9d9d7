using AgentFunctions.Governance.Audit;
using AgentFunctions.Keys;
using AgentFunctions.Sqlite;
using AgentFunctions.TestKit;

namespace AgentFunctions.Tests.Governance.Audit;

/// <summary>How long people took, as the audit log has it.</summary>
internal sealed class AnswerTimesTests
{
    [Test]
    public async Task ByRun_ApprovalsAndQuestions_CountsToTheFirstWordOfAPerson()
    {
        using var folder = new TemporaryFolder();
        await using var engine = new SqliteEngine(
            new SqliteEngineOptions { DataFile = Path.Combine(folder.Path, "data.db") },
            new AgentFunctions.Durability.DurableRegistry());
        await engine.StartAsync();
        var time = new VirtualTime(new DateTimeOffset(2026, 3, 1, 8, 0, 0, TimeSpan.Zero));
        var log = new AuditLog(engine.Logs,
            new SigningKeys(new FolderKeyStore(Path.Combine(folder.Path, "keys")), "audit", TimeProvider.System), time);
        await AddAsync(AuditTypes.ApprovalRequested, "one", approval: "a1");
        await AddAsync(AuditTypes.QuestionAsked, "two", question: "q1");
        await AddAsync(AuditTypes.QuestionAsked, "two", question: "q2");
        time.Advance(TimeSpan.FromMinutes(2));
        await AddAsync(AuditTypes.ApprovalDecided, "one", approval: "a1", actor: "user:bo");
        time.Advance(TimeSpan.FromMinutes(3));
        await AddAsync(AuditTypes.ApprovalDecided, "one", approval: "a1", actor: "user:cy");
        await AddAsync(AuditTypes.QuestionDeclined, "two", question: "q1", actor: "user:bo");
        await AddAsync(AuditTypes.QuestionAnswered, "two", question: "q2");

        var times = new AnswerTimes(log);
        ILookup<string, TimeSpan> all = await times.ByRunAsync();
        Assert.That(all["one"], Is.EqualTo(new[] { TimeSpan.FromMinutes(2) }), "the second vote is no further answer");
        Assert.That(all["two"], Is.EqualTo(new[] { TimeSpan.FromMinutes(5) }), "a default is nobody's answer");
        Assert.That(all["three"], Is.Empty);

        Task AddAsync(string type, string run, string? approval = null, string? question = null, string? actor = null) =>
            log.AppendAsync(new AuditEntry(type) { RunId = run, ApprovalId = approval, QuestionId = question, Actor = actor });
    }
}
