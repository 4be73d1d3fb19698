using NoProp.Host.Commands;

return await CommandLine.RunAsync(args);
