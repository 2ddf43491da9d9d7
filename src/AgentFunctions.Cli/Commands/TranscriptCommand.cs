using System.CommandLine;
using System.Text.Json;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Cli.Output;
using AgentFunctions.Cli.Server;
using AgentFunctions.Views;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>transcript ID</c>: what the model of a run saw and said.</summary>
internal static class TranscriptCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "The run." };
        var turn = new Option<int?>("--turn") { Description = "Only this turn.", HelpName = "TURN" };
        var search = new Option<string?>("--search") { Description = "Only messages with these words.", HelpName = "TEXT" };
        var json = new Option<bool>("--json") { Description = "Write one JSON object a line." };
        var server = new ServerOptions();
        var command = new Command("transcript",
            "Show what the model of a run of a server saw and said.") { id, turn, search, json };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            string query = (parsed.GetValue(turn) is { } number ? $"&turn={number}" : "")
                + (parsed.GetValue(search) is { } words ? $"&q={Uri.EscapeDataString(words)}" : "");
            bool isEmpty = true;
            long? from = 0;
            while (from is { } position)
            {
                TranscriptResource page = await client.TranscriptAsync(parsed.GetValue(id)!, $"&from={position}{query}",
                    cancellationToken);
                foreach (MessageResource message in page.Messages)
                {
                    isEmpty = false;
                    Console.WriteLine(parsed.GetValue(json)
                        ? JsonSerializer.Serialize(message, ApiJson.Options)
                        : Describe(message));
                }

                from = page.Next;
            }

            if (isEmpty && !parsed.GetValue(json))
            {
                Console.WriteLine("no messages");
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static string Describe(MessageResource message) => string.Join('\n', message.Contents.Select(content =>
        $"{message.Turn,4}  {CamelCase.Of(message.Origin),-7} {Describe(content)}"));

    private static string Describe(ContentResource content) => content.Type switch
    {
        "toolCall" => $"calls {JournalLine.OneLine(content.Tool)} {Terminal.Json(content.Arguments?.GetRawText() ?? "{}")}",
        "reasoning" => $"(thinks) {Terminal.Lines(content.Text ?? "")}",
        _ => Terminal.Lines(content.Text ?? $"({content.Type})"),
    };
}
