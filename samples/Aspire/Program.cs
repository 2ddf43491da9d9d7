// An AppHost of Aspire: the program as a host with API and dashboard, and the function app beside it where its tools are
// installed. Each sends its traces and metrics to Aspire's dashboard, since the program and the function app send over OTLP where
// the environment says so.
//   dotnet run --project samples/Aspire
IDistributedApplicationBuilder builder = DistributedApplication.CreateBuilder(args);
string root = Path.GetFullPath(Path.Combine(builder.AppHostDirectory, "..", ".."));
string data = builder.Configuration["Data"] ?? Directory.CreateTempSubdirectory("aspire-").FullName;

var host = builder.AddProject<Projects.AgentFunctions_Cli>("agents", static options => options.ExcludeLaunchProfile = true)
    .WithHttpEndpoint(name: "http", port: int.TryParse(builder.Configuration["Port"], out int port) ? port : null);
host.WithArgs(
        "serve", "--data", data, "--agents", Path.Combine(builder.AppHostDirectory, "agents"), "--workspace", root,
        "--urls", ReferenceExpression.Create($"http://127.0.0.1:{host.GetEndpoint("http").Property(EndpointProperty.TargetPort)}"))
    .WithHttpHealthCheck("/health/ready")
    .WithUrlForEndpoint("http", static url => url.DisplayText = "Dashboard of the runs");

if (IsInstalled("func") && IsInstalled("azurite"))
{
    var storage = builder.AddExecutable("storage", "azurite", root, "--silent", "--skipApiVersionCheck", "--location",
        Path.Combine(data, "azurite"));
    var functions = builder.AddExecutable("functions", "func", Path.Combine(root, "samples", "FunctionApp"), "start")
        .WithHttpEndpoint(name: "http", port: int.TryParse(builder.Configuration["FunctionsPort"], out int own) ? own : null);
    functions
        .WithArgs("--port", functions.GetEndpoint("http").Property(EndpointProperty.TargetPort))
        .WithEnvironment("AzureWebJobsStorage", "UseDevelopmentStorage=true")
        .WithOtlpExporter()
        .WaitForStart(storage);
}

builder.Build().Run();

static bool IsInstalled(string tool) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
    .Any(folder => File.Exists(Path.Combine(folder, tool)) || File.Exists(Path.Combine(folder, $"{tool}.cmd"))
        || File.Exists(Path.Combine(folder, $"{tool}.exe")));
