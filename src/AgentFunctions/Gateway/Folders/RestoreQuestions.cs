using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Core;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Snapshots;

namespace AgentFunctions.Gateway.Folders;

/// <summary>Asks people what becomes of paths that a restore would take back and others have changed since.</summary>
internal sealed class RestoreQuestions(
    QuestionRequester questions, QuestionStore store, IOrchestrationClient orchestrations, TimeProvider time)
{
    /// <summary>What such a question names as its tool: the answer is carried out and not told to the run.</summary>
    public const string Tool = "restore_workspace";

    /// <summary>The field that stands for all conflicts, if there are more than a form has fields.</summary>
    public const string All = "all";

    /// <summary>Asks. The same conflicts are asked about once, as long as nobody has answered.</summary>
    /// <param name="run">The run.</param>
    /// <param name="report">What the restore has left.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The question.</returns>
    public async Task<string> AskAsync(RunRecord run, RestoreReport report, CancellationToken cancellationToken)
    {
        JsonElement form = FormOf(report.Conflicts);
        string key = $"{Tool}\n{report.Turn}\n" + string.Join(
            '\n', report.Conflicts.Select(static one => $"{one.Path}\n{WhatOf(one.Present)}\n{WhatOf(one.Target)}"));
        string id = CallHash.QuestionId(run.Id, key);
        for (int round = 1;
            await store.FindAsync(id, cancellationToken).ConfigureAwait(false)
                is ({ State: not QuestionState.Pending } or { IsAltered: true }, _);
            round++)
        {
            id = CallHash.QuestionId(run.Id, string.Create(CultureInfo.InvariantCulture, $"{key}\n{round}"));
        }

        Question asked = await questions.AskAsync(
            new Question
            {
                Id = id,
                RunId = run.Id,
                RootId = ChildName.RootOf(run.Id),
                Turn = report.Turn,
                Call = 0,
                Tool = Tool,
                Text = $"Others have built on what run '{run.Id}' changed after turn {report.Turn}. "
                    + "What shall become of their files where it is undone?",
                Why = WordsOf(report.Conflicts),
                Form = form,
                Requester = run.Requester,
                Chain = [run.Agent],
                Goal = run.Goal,
                Rule = "",
                Terms = new AnswerTerms(),
                CreatedAt = time.GetUtcNow(),
            },
            cancellationToken).ConfigureAwait(false);
        try
        {
            var input = new QuestionInput(run.Id, asked.Id, asked.EventName);
            await orchestrations.ScheduleAsync(
                QuestionFlow.Name, input, new StartOptions { InstanceId = asked.WaiterId }, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.InstanceExists)
        {
            // It was asked before.
        }

        return asked.Id;
    }

    private static string? WhatOf(FileImage? image) => image?.Hash ?? image?.Link;

    private static string WordsOf(IReadOnlyList<RestoreConflict> conflicts)
    {
        const int Named = 20;
        IEnumerable<string> lines = conflicts.Take(Named).Select(
            static one => $"{one.Path}: changed by {one.By}{(one.IsMergeable ? ", can be merged" : "")}");
        return string.Join('\n', lines) + (conflicts.Count > Named ? $"\nand {conflicts.Count - Named} more" : "");
    }

    /// <summary>A field a path, which is its description; one for all if there are more than a form takes.</summary>
    private static JsonElement FormOf(IReadOnlyList<RestoreConflict> conflicts)
    {
        var fields = new JsonObject();
        foreach (RestoreConflict conflict in conflicts.Take(QuestionForm.MaxFields + 1))
        {
            int number = fields.Count + 1;
            fields[$"file{number}"] = Field(
                $"File {number}", conflict.Path, conflict.IsMergeable, "Merge: take the run's lines out, keep those of others");
        }

        if (conflicts.Count > QuestionForm.MaxFields || Encoding.UTF8.GetByteCount(Write(fields)) > QuestionForm.MaxBytes / 2)
        {
            JsonObject all = Field("All of them", null, true, "Merge where lines do not touch, keep the others");
            fields = new JsonObject { [All] = all };
        }

        var schema = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = fields,
            ["required"] = new JsonArray([.. fields.Select(static field => (JsonNode)field.Key)]),
        };
        return QuestionForm.Read(JsonElement.Parse(Write(schema))).Schema;
    }

    private static JsonObject Field(string title, string? path, bool canMerge, string merge)
    {
        var choices = new JsonArray(
            Choice("keep", "Keep it as others have made it"),
            Choice("restore", "Bring the earlier state back; what others changed is lost"));
        if (canMerge)
        {
            choices.Add(Choice("merge", merge));
        }

        var field = new JsonObject { ["type"] = "string", ["title"] = title, ["oneOf"] = choices };
        if (path is not null)
        {
            field["description"] = path;
        }

        return field;
    }

    private static JsonNode Choice(string value, string title) => new JsonObject { ["const"] = value, ["title"] = title };

    private static string Write(JsonNode node) => JsonSerializer.Serialize(node, CoreJsonContext.Default.JsonNode);
}
