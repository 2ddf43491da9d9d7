using System.CommandLine;
using System.Text.Json;
using AgentFunctions.AspNetCore;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Cli.Hosting;
using AgentFunctions.Cli.Output;
using AgentFunctions.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Cli.Commands;

/// <summary>
/// <c>doctor</c>: whether all that a host here needs is in order, and what to do where it is not. No run is started.
/// </summary>
internal static class DoctorCommand
{
    private const string StoreName = "store";

    public static Command Create()
    {
        var offline = new Option<bool>("--no-calls") { Description = "Call no model. Otherwise each is sent a few words, which may cost a fraction of a cent." };
        var json = new Option<bool>("--json") { Description = "Write one JSON object a line." };
        var serve = new ServeOptions();
        var command = new Command(
            "doctor",
            "Check configuration, models, agents, tool servers, policy, store, clock and disk of the host that serve starts with the "
            + "same options, and say what to do. Exits with 1 if something fails.")
        {
            offline, json,
        };
        serve.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            IReadOnlyList<ReadinessItem> found = await CheckAsync(serve.Read(parsed), !parsed.GetValue(offline),
                cancellationToken);
            foreach (ReadinessItem item in found)
            {
                Console.WriteLine(parsed.GetValue(json)
                    ? JsonSerializer.Serialize(new { item.Name, Status = CamelCase.Of(item.Status), item.Message },
                        JsonSerializerOptions.Web)
                    : Line(item));
            }

            return found.Any(static item => item.Status == ReadinessStatus.Failed) ? ExitCode.Failed : ExitCode.Done;
        });
        return command;
    }

    private static async Task<IReadOnlyList<ReadinessItem>> CheckAsync(ServeSettings settings, bool callModels,
        CancellationToken cancellationToken)
    {
        try
        {
            await using WebApplication host = ServeHost.Build(settings, LogLevel.None);
            host.ApiOptions().EnsureProtected(settings.Urls);
            host.Services.GetService<IStartupValidator>()?.Validate();
            IReadOnlyList<ReadinessItem> found = await host.Services.GetRequiredService<HostReadiness>()
                .ExamineAsync(callModels, cancellationToken);
            // The engine is not started: it would go on with the runs. Whether the data can be written is seen without it.
            return [new("configuration"), Store(settings.Host.Data), .. found.Where(static item => item.Name != StoreName)];
        }
        catch (AgentException e)
        {
            return [new("configuration", ReadinessStatus.Failed, e.Message)];
        }
        catch (OptionsValidationException e)
        {
            return [new("configuration", ReadinessStatus.Failed, string.Join(" ", e.Failures))];
        }
    }

    private static ReadinessItem Store(string folder)
    {
        string probe = Path.Combine(folder, $".doctor-{Guid.NewGuid():N}");
        try
        {
            File.WriteAllText(probe, "");
            File.Delete(probe);
            return new(StoreName);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new(StoreName, ReadinessStatus.Failed,
                $"{e.Message} Make the folder writable, or choose another with --data.");
        }
    }

    private static string Line(ReadinessItem item)
    {
        string mark = item.Status switch { ReadinessStatus.Ok => "ok  ", ReadinessStatus.Degraded => "note", _ => "FAIL" };
        return $"{mark}  {Terminal.Lines(item.Name)}{(item.Message is null ? "" : $": {Terminal.Lines(item.Message)}")}";
    }
}
