using System.CommandLine;
using AgentFunctions.AspNetCore.Governance;
using AgentFunctions.Cli.Output;
using AgentFunctions.Cli.Server;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>keys</c>, <c>keys add|remove</c>: the callers' API keys of a server.</summary>
internal static class KeysCommand
{
    public static Command Create()
    {
        Command command = List(
            "keys", "List the API keys of a server: whose they are and which roles they have; or make and withdraw one.");
        command.Add(List("list", "The same as without it."));
        command.Add(Add());
        command.Add(Remove());
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
            IReadOnlyList<KeyResource> keys = (await client.KeysAsync(cancellationToken)).Items;
            Console.WriteLine(Terminal.Lines(keys.Count == 0
                ? "no keys"
                : string.Join('\n', keys.Select(static key => $"{key.Name,-24}  {string.Join(", ", key.Roles)}  since {key.CreatedAt:u}"))));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Add()
    {
        Argument<string> name = Holder();
        var roles = new Option<string[]>("--role")
        {
            Description = "A role; may be repeated.",
            HelpName = "ROLE",
            Required = true
        };
        var renew = new Option<bool>("--renew") { Description = "For the holder of a key of this name that was withdrawn, whose runs are its own again." };
        var server = new ServerOptions();
        var command = new Command("add",
            "Make a key. It is shown once, alone on the standard output. With the first one, calls without a key end.")
        {
            name, roles, renew,
        };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            NewKeyResource made = await client.AddKeyAsync(
                new KeySubmission
                {
                    Name = parsed.GetValue(name)!,
                    Roles = parsed.GetValue(roles)!,
                    Renew = parsed.GetValue(renew)
                }, cancellationToken);
            Console.Error.WriteLine(Terminal.Lines($"the key of {made.Name}, with {string.Join(", ", made.Roles)}; it is not shown again:"));
            Console.WriteLine(Terminal.Lines(made.Key));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Remove()
    {
        Argument<string> name = Holder();
        var server = new ServerOptions();
        var command = new Command("remove", "Withdraw a key at once.") { name };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            await client.RemoveKeyAsync(parsed.GetValue(name)!, cancellationToken);
            Console.WriteLine($"the key of {Terminal.Lines(parsed.GetValue(name)!)} is withdrawn");
            return ExitCode.Done;
        });
        return command;
    }

    private static Argument<string> Holder() => new("name") { Description = "The holder." };
}
