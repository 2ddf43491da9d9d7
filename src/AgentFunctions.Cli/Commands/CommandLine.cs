using System.CommandLine;
using System.CommandLine.Help;
using System.Text.Json;
using AgentFunctions.Cli.Output;
using AgentFunctions.Cli.Server;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Cli.Commands;

/// <summary>The program: which commands there are, and how errors come out.</summary>
internal static class CommandLine
{
    /// <summary>The program's name, as people type it and its help shows it.</summary>
    public const string Name = "agentfunctions";

    public static async Task<int> InvokeAsync(string[] args)
    {
        ParseResult parsed = Root().Parse(args);
        if (parsed.Errors.Count > 0)
        {
            if (parsed.CommandResult.Command is { Action: null } && parsed.UnmatchedTokens.Count == 0)
            {
                // The name of a group of commands alone: which there are.
                await Root().Parse([.. args, "--help"]).InvokeAsync(new InvocationConfiguration { Output = Console.Error });
                return ExitCode.Usage;
            }

            return Fail(ExitCode.Usage, string.Join(" ", parsed.Errors.Select(error => error.Message)) + " --help says more.");
        }

        // Ctrl-C and SIGTERM cancel the command's token; it then has this long to leave everything in order.
        var configuration = new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = TimeSpan.FromSeconds(30),
        };
        try
        {
            return await parsed.InvokeAsync(configuration);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (AgentException e)
        {
            return Fail(ExitCode.Of(e.Code), e.Message);
        }
        catch (OptionsValidationException e)
        {
            return Fail(ExitCode.Usage, string.Join(" ", e.Failures));
        }
        catch (InvalidDataException e) when (e.InnerException is FormatException fault)
        {
            return Fail(ExitCode.Usage, BrokenSettings(e, fault));
        }
        catch (ServerException e)
        {
            return Fail(ExitCode.Failed, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or HttpRequestException)
        {
            return Fail(ExitCode.Failed, e.Message);
        }
    }

    /// <summary>
    /// Creates the whole program. A <see cref="RootCommand"/> would call itself after its assembly, which is not what people
    /// type.
    /// </summary>
    private static Command Root() => new(Name, "Durable AI agents: every model call and every tool call is a recorded step.")
    {
        new HelpOption(),
        new VersionOption(),
        ServeCommand.Create(),
        RunCommand.Create(),
        SubmitCommand.Create(),
        RunsCommand.Create(),
        ShowCommand.Create(),
        WatchCommand.Create(),
        SteerCommands.Pause(),
        SteerCommands.Resume(),
        SteerCommands.Say(),
        SteerCommands.Grant(),
        CancelCommand.Create(),
        ForkCommand.Create(),
        TranscriptCommand.Create(),
        ArtifactsCommand.Create(),
        ExportCommand.Create(),
        InspectCommand.Create(),
        ChangesCommand.Create(),
        FilesCommand.Create(),
        RestoreCommand.Create(),
        RewindCommand.Create(),
        EraseCommand.Create(),
        ApprovalsCommand.Create(),
        ApproveCommand.Create(),
        ApproveCommand.CreateDeny(),
        QuestionsCommand.Create(),
        AnswerCommand.Create(),
        ReviewsCommand.Create(),
        AgentsCommand.Create(),
        PolicyCommand.Create(),
        AuditCommand.Create(),
        KeysCommand.Create(),
        KillCommand.Create(),
        MonitorsCommand.Create(),
        IncidentsCommand.Create(),
        McpCommand.Create(),
        EngineCommand.Create(),
        VerifyReplayCommand.Create(),
        DoctorCommand.Create(),
        ExplainCommand.Create(),
        CompletionCommand.Create(Root),
    };

    /// <summary>
    /// The words for a file of settings that cannot be read: the configuration names the file, its reader the line.
    /// </summary>
    private static string BrokenSettings(InvalidDataException e, FormatException fault)
    {
        string reason = fault.InnerException is JsonException { LineNumber: { } line } json
            ? $"line {line + 1}: {json.Message}"
            : fault.Message;
        return $"{e.Message} {reason} Correct the file or move it away.";
    }

    private static int Fail(int exitCode, string message)
    {
        Console.Error.WriteLine($"error: {Terminal.Lines(message)}");
        return exitCode;
    }
}
