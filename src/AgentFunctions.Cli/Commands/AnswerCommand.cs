using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Governance;
using AgentFunctions.Cli.Output;
using AgentFunctions.Cli.Server;
using AgentFunctions.Governance.Questions;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>answer ID</c>: answer what a run asks, or decline to.</summary>
internal static class AnswerCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "The question; 'questions' lists them." };
        var values = new Argument<string[]>("answers")
        {
            Description = "The answers as field=value; at a terminal you are asked for what is left out altogether.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var json = new Option<string?>("--json") { Description = "The answers as a JSON object in this file; - for the standard input.", HelpName = "FILE" };
        var decline = new Option<string?>("--decline")
        {
            Description = "Do not answer; the agent reads these words.",
            HelpName = "TEXT"
        };
        var server = new ServerOptions();
        var command = new Command("answer",
            "Answer a question of a run. Never type a password here: what you say becomes part of the run.") { id, values, json,
                decline };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            string[] given = parsed.GetValue(values) ?? [];
            if ((given.Length > 0 ? 1 : 0) + (parsed.GetValue(json) is null ? 0 : 1)
                + (parsed.GetValue(decline) is null ? 0 : 1) > 1)
            {
                throw new AgentException(ErrorCode.InvalidInput,
                    "answers: use field=value, --json or --decline, and one of them only.");
            }

            AnswerSubmission? said = new() { Decline = parsed.GetValue(decline) };
            if (said.Decline is null)
            {
                QuestionResource question = await client.GetQuestionAsync(parsed.GetValue(id)!, cancellationToken);
                said = parsed.GetValue(json) is { } file ? new AnswerSubmission { Answers = Read(file) }
                    : given.Length > 0 ? new AnswerSubmission { Answers = AnswersOf(QuestionForm.Read(question.Form), given) }
                    : QuestionPrompt.Ask(question, Console.In, Console.Error, !Console.IsInputRedirected);
            }

            if (said is null)
            {
                Console.WriteLine("The question stays open.");
                return !Console.IsInputRedirected
                    ? ExitCode.Done
                    : throw new AgentException(ErrorCode.InvalidInput, "answers: give field=value, --json or --decline.");
            }

            Console.WriteLine(QuestionText.Describe(await client.AnswerAsync(parsed.GetValue(id)!, said, cancellationToken)));
            return ExitCode.Done;
        });
        return command;
    }

    private static JsonElement AnswersOf(QuestionForm form, string[] given)
    {
        var answers = new JsonObject();
        foreach (string pair in given)
        {
            string[] parts = pair.Split('=', 2);
            if (parts.Length < 2)
            {
                throw new AgentException(ErrorCode.InvalidInput, $"answers: '{pair}' is not field=value.");
            }

            QuestionField field = form.Fields.FirstOrDefault(field => field.Name == parts[0])
                ?? throw new AgentException(ErrorCode.InvalidInput,
                    $"answers: the form has no field '{parts[0]}'; use: {string.Join(", ", form.Fields.Select(static field => field.Name))}.");
            answers[field.Name] = JsonNode.Parse(field.Parse(parts[1]).GetRawText());
        }

        return JsonElement.Parse(answers.ToJsonString());
    }

    private static JsonElement Read(string file)
    {
        try
        {
            return JsonElement.Parse(file == "-" ? Console.In.ReadToEnd() : File.ReadAllText(file));
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"--json: {e.Message}", e);
        }
    }
}
