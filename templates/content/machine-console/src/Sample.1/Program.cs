using Sample._1;

Console.WriteLine(Greeting.For(args.Length > 0 ? args[0] : Environment.MachineName));
