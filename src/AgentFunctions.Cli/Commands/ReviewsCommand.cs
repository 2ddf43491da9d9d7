using System.CommandLine;
using AgentFunctions.AspNetCore.Governance;
using AgentFunctions.Cli.Output;
using AgentFunctions.Cli.Server;
using AgentFunctions.Governance.Reviews;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>reviews</c>, <c>reviews accept</c>: the changes that nobody has reviewed.</summary>
internal static class ReviewsCommand
{
    public static Command Create()
    {
        Command command = List("reviews", "List the unreviewed changes of a server by label, the oldest first; or accept them.");
        command.Add(List("list", "The same as without it."));
        command.Add(Accept());
        return command;
    }

    private static Command List(string name, string description)
    {
        var server = new ServerOptions();
        var command = new Command(name, description);
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            ReviewListResource reviews = await client.ListReviewsAsync(cancellationToken);
            if (reviews.Queues.Count == 0)
            {
                Console.WriteLine("nothing to review");
            }

            foreach (ReviewQueue queue in reviews.Queues)
            {
                Console.WriteLine(Terminal.Lines(
                    $"{queue.Label}: {queue.Changes.Count} of {queue.Capacity?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "any"} unreviewed, "
                    + $"{queue.Waiting} calls wait"));
                foreach (Change change in queue.Changes)
                {
                    Console.WriteLine(Describe(change));
                }
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static Command Accept()
    {
        var ids = new Argument<string[]>("id")
        {
            Description = "The changes; 'reviews' lists them.",
            Arity = ArgumentArity.ZeroOrMore
        };
        var run = new Option<string?>("--run") { Description = "All changes of this run.", HelpName = "ID" };
        var comment = new Option<string?>("--comment")
        {
            Description = "What is to be said of them, for the audit log.",
            HelpName = "TEXT"
        };
        var server = new ServerOptions();
        var command = new Command("accept", "Mark changes as reviewed; runs that waited for it continue.") { ids, run, comment };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            string[] named = parsed.GetValue(ids) ?? [];
            ReviewedResource reviewed = await client.AcceptReviewsAsync(
                new ReviewSubmission
                {
                    Ids = named.Length == 0 ? null : named,
                    Run = parsed.GetValue(run),
                    Comment = parsed.GetValue(comment)
                },
                cancellationToken);
            foreach (Change change in reviewed.Changes)
            {
                Console.WriteLine($"reviewed {Describe(change).TrimStart()}");
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static string Describe(Change change) => Terminal.Lines(
        $"  {change.Id}  {change.At.UtcDateTime:u}  {change.Tool} {Terminal.Json(change.Arguments)}; call {change.Turn}/{change.Call} of run {change.RunId}, "
        + $"agent {change.Agent}, asked for by {change.Requester}");
}
