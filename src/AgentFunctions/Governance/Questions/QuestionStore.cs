using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.HumanTasks;
using AgentFunctions.Keys;
using AgentFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Governance.Questions;

/// <summary>The questions of this host: a record each, a list of those that are not settled, and a list for each run.</summary>
internal sealed class QuestionStore(IRecordStore records, TreeKeys keys, AuditLog audit,
    ILogger<QuestionStore> log) : HumanTaskStore<Question>(
    records, RecordSeal.Of(keys, "questions"), new HumanTaskKeys("questions/", "questions-open/"),
    static () => QuestionsJsonContext.Default.Question,
    (question, cancellationToken) => audit.EndAsync(question.RootId, question.RunId, cancellationToken), log)
{
    private const string OfRuns = RunNames.AskedQuestions + "/";

    private readonly IRecordStore _records = records;

    /// <summary>Lists all questions of a run, in the order of its calls.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task<IReadOnlyList<Question>> ListOfRunAsync(string runId, CancellationToken cancellationToken) =>
        ListAsync($"{OfRuns}{runId}/", cancellationToken);

    /// <summary>Lists a question among those of its run. It may not exist yet.</summary>
    /// <param name="question">The question.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task EnterAsync(Question question, CancellationToken cancellationToken) => _records.PutAsync(
        $"{OfRuns}{question.RunId}/{question.Turn:D6}-{question.Call:D4}/{question.Id}", ReadOnlyMemory<byte>.Empty, default,
        cancellationToken);

    protected override Question Altered(Question task, string id, string key)
    {
        QuestionLog.QuestionAltered(log, key);
        return task with { Id = id, IsAltered = true };
    }

    protected override AgentException NotFound(string id) => new(ErrorCode.QuestionNotFound, $"There is no question '{id}'.");
}
